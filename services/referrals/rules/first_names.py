"""
Common first names, with their spellings and short forms on one line.

Two names of this list are one person's only if a line holds both: twins are often called Hassan and Hussein. The list
says which spellings belong together. A name that is not in it is compared by its letters.
"""

LINES = """
aaron aron arron
abdul abdullah abdallah abdulla abdul
adam
ada
aisha ayesha aysha aisha aishah
alan allan allen al
albert al bert bertie
alexander alex alec sandy alexandre alexsander aleksander
alexandra alex sandra alexa alexandria lexi
alfie alfred alf
alice alys alyce ali
alison allison ali
amelia millie amelie
amy aimee amie
andrea andreea
andrew andy drew andreas
angela angie ange
ann anne anna annie
anthony antony tony ant
archie archibald
arthur art
ava
barbara babs barbra
barry
benjamin ben benny
bella belle isabella
brian bryan
callum calum
carl karl
carol carole caroline carolyn carrie karol
catherine katherine kathryn katharine catharine cathryn kathrine cath kath cathy kathy kate katie katy kat kitty
charles charlie chas chuck
charlotte charlie lottie
chloe cloe
christian
christina christine chrissie tina chris kristina krista
christopher chris kris christoph topher
claire clare clair
colin collin
connor conor conner
craig
daisy
daniel dan danny
danielle daniella dani danni
david dave davy dai
dean
deborah debra debbie deb
denis dennis den
denise
diana diane dianne di
donald don donnie
dorothy dot dottie
dylan dillon dillan
edward ed eddie ted teddy ned
elizabeth elisabeth liz lizzie beth betty eliza libby elsie lisa bess
ella
ellen ellie helen eleanor elinor elena nell
ellie eleanor
emily emilie
emilia
emma
erik eric erick
erica erika
ethan
eva eve evie
evelyn evie
faye fay
finlay finley fin finn
florence flo
frances fran frankie francesca
francis frank frankie
freddie fred frederick alfred
gabriel gabe
gabrielle gabriella
gareth gary
gary garry
gemma jemma
geoffrey jeffrey geoff jeff
george
georgia georgina georgie
gerald gerard gerry jerry
grace gracie
graham graeme grahame
gregory greg gregor
hannah hanna
harold harry hal
harrison harry
harry henry harold
harriet hattie
hasan hassan
hayden haydon
hayley hailey haley
hazel
heather
helen helena ellen
henry harry
hugh huw hughie
hussain hussein husain hossein husayn
ian iain
ibrahim abraham
imran
isaac izaak
isabel isabelle isobel isabella izzy bella
isla
ivy
jack jackie jac
jacqueline jackie jacquie
jacob jake
jake
james jim jimmy jamie
jamie
jamal
jamil
jan
jane jayne
janet jan
jason
jayden jaden jaydon
jean jeanne jeanette
jennifer jenny jen jennie
jeremy jerry
jessica jess jessie
joan joanie
joanna joanne jo joan
john jon johnny jack
jonathan jon jonathon johnathan jonny
jordan jordon
joseph joe joey jo jozef
joshua josh
joyce
judith judy jude
julia julie juliet jules
karen karin caren
kayden kaden caden
keith
kelly kelley
kenneth ken kenny
kevin kev
khadija khadijah
kieran ciaran kieron
kimberley kimberly kim
kyle
laura lauren laurie
lauren
lawrence laurence larry laurie
leah lea lia
leanne lianne
lee leigh
leo leon
leonard len leo lenny
lewis louis lou
lilian lillian lily
lily lilly lili
linda lynda lyn
lisa
logan
louis lou
louise louisa lou lulu
lucas lukas luke luca
lucy lucie luci
lynn lyn lynne
madison maddie
malcolm
marcus mark
margaret maggie meg peggy marge margie greta
maria marie mary mariah
mark marc
martin martyn
martina
mary mari molly
mason
matthew matt mathew matthias
maureen mo
maryam mariam miriam
max maxwell maximilian
maya maia mya
megan meghan meg
mia mya
michael mike mick micky mikey michal
michelle shelley shell
mohammed muhammad mohamed mohammad muhammed mohamad mo mohamud mahmoud
mohsin
molly mollie
mustafa mustapha
natalie nathalie nat natasha
nathan nathaniel nat
neil neal niall
nicholas nick nicolas nicky nico
nicola nicky nicole
nicole nicola
noah
olivia liv ollie
oliver ollie olly
omar umar
osama usama
oscar
owen
pamela pam
patricia pat patsy trish tricia
patrick pat paddy
paul
paula
pauline
peter pete
philip phillip phil
philippa pippa
phoebe
poppy
rachel rachael
ray raymond
rebecca becky rebekah becca
reece rhys
richard rick ricky dick rich
robert rob bob bobby robbie bert
roberta
robin robyn
roger rodger
ronald ron ronnie
rose rosie
rosemary rosie
roy
ruby
russell russ
ruth
ryan
samantha sam sammie
samuel sam sammy
sandra sandy alexandra
sarah sara sally
scott
sean shaun shawn
shannon
sharon shaz
shirley
simon
simone
sofia sophia sophie
stacey stacy
stanley stan
stephanie steph stefanie
steven stephen steve stefan stephan
stuart stewart
susan sue susie suzanne susanna
syed said saeed sayed
sylvia
tara
taylor tayler
teresa theresa terry tess
terence terry terrance
thomas tom tommy tomas
timothy tim timmy
toby tobias
tracey tracy
tyler
valerie val
vanessa
veronica
victor vic
victoria vicky vikki tori
vincent vince vinny
wayne
wendy
william will bill billy liam willie
yasmin jasmine yasmine jasmin yazmin
yusuf yousuf joseph yousef youssef
zachary zac zack zach
zara zahra sara
zoe zoey
"""


def read_lines(lines: str) -> dict[str, frozenset[int]]:
    """Return each name with the lines that hold it."""
    places: dict[str, set[int]] = {}
    for number, line in enumerate(lines.strip().splitlines()):
        for name in line.split():
            places.setdefault(name, set()).add(number)
    return {name: frozenset(found) for name, found in places.items()}


LINES_OF_NAME = read_lines(LINES)
