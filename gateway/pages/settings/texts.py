"""The editors of the public home page and of the guidance on a question."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from pydantic import TypeAdapter, ValidationError

from gateway.pages.settings.editor import Difference, SettingState, TextReader
from gateway.ui.form import Field, Form
from gateway.ui.formats import lines
from shared.cleaning import says_something
from shared.registers.definition.base import Link, WebAddress
from shared.registers.definition.questions import GuidanceTopic, Question
from shared.registers.definition.register import PublicHome
from shared.registers.definition.words import Words
from shared.registers.overlay import MOST_TOPICS, Overlay

LONGEST_PARAGRAPHS = 20_000
LONGEST_PARAGRAPH = 4_000
EMPTY_TOPICS = 1
HEADING = "heading-"
ADDRESS: TypeAdapter[str] = TypeAdapter(WebAddress)


@dataclass(frozen=True)
class HomeEditor:
    """The editor of the register's public home page (R-DSR-032)."""

    standing: SettingState
    part: str = "public"
    path: str = "home/"
    template: str = "settings/home.html"

    @property
    def heading(self) -> str:
        return self._words("settings.texts.home_heading")

    @property
    def lead(self) -> tuple[str, ...]:
        return self._words.lines("settings.texts.home_lead")

    @property
    def summary(self) -> tuple[str, ...]:
        return (self._home.heading,)

    @property
    def _home(self) -> PublicHome:
        return self.standing.register.public

    @property
    def _words(self) -> Words:
        return self.standing.words

    def form(self, typed: Mapping[str, str] | None = None, more: int = 0) -> Form:
        words = self._words
        fields = [
            Field("heading", words("settings.texts.heading")),
            Field(
                "paragraphs",
                words("settings.texts.paragraphs"),
                "long_text",
                hint=words("settings.texts.paragraphs_hint"),
            ),
            Field("link_lead", words("settings.texts.link_lead"), "long_text"),
            Field("link_text", words("settings.texts.link_text")),
            Field("link_address", words("settings.texts.link_address"), hint=words("settings.texts.link_hint")),
        ]
        return Form(fields, self._in_force() if typed is None else typed)

    def _in_force(self) -> dict[str, str]:
        link = self._home.link
        shown = {"link_lead": link.lead or "", "link_text": link.text, "link_address": link.address} if link else {}
        return {"heading": self._home.heading, "paragraphs": "\n\n".join(self._home.paragraphs), **shown}

    def read(self, form: Form) -> Overlay | None:
        words, reader = self._words, TextReader(form, self.standing.words)
        heading = reader.line("heading", words("settings.texts.heading"))
        typed = reader.text("paragraphs", words("settings.texts.paragraphs"), LONGEST_PARAGRAPHS)
        paragraphs = tuple(each.strip() for each in re.split(r"\n *\n", typed) if says_something(each))
        if not heading:
            form.wrong("heading", words("settings.texts.heading_missing"))
        if not paragraphs:
            form.wrong("paragraphs", words("settings.texts.paragraphs_missing"))
        if any(len(each) > LONGEST_PARAGRAPH for each in paragraphs):
            form.wrong("paragraphs", self.standing.words("settings.too_long"))
        link = self._read_link(form, reader)
        if form.summary:
            return None
        public = PublicHome(heading=heading, paragraphs=paragraphs, link=link)
        return self.standing.overlay.model_copy(update={"public": public})

    def _read_link(self, form: Form, reader: TextReader) -> Link | None:
        words = self._words
        lead = reader.line("link_lead", words("settings.texts.link_lead"), 1_000)
        text = reader.line("link_text", words("settings.texts.link_text"))
        address = reader.line("link_address", words("settings.texts.link_address"), 500)
        if not text and not address:
            return None
        if not (text and address):
            form.wrong("link_address" if text else "link_text", words("settings.texts.link_missing"))
        elif not _is_secure(address):
            form.wrong("link_address", words("settings.texts.link_wrong"))
        return None if form.errors else Link(lead=lead or None, text=text, address=address)

    def differences(self, overlay: Overlay) -> list[Difference]:
        before, after = dict(_told(self._home, self._words)), dict(_told(overlay.public or self._home, self._words))
        return [(what, lines(*before[what]), lines(*after[what])) for what in before if before[what] != after[what]]


def _told(home: PublicHome, words: Words) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield words("settings.texts.heading"), (home.heading,)
    yield words("settings.texts.paragraphs"), home.paragraphs
    yield words("settings.texts.link_lead"), (home.link.lead or "",) if home.link else ()
    yield words("settings.texts.link_text"), (home.link.text,) if home.link else ()
    yield words("settings.texts.link_address"), (home.link.address,) if home.link else ()


def _is_secure(address: str) -> bool:
    try:
        return ADDRESS.validate_python(address).startswith("https://")
    except ValidationError:
        return False


@dataclass(frozen=True)
class GuidanceEditor:
    """The editor of the guidance on one question (R-DSR-087)."""

    standing: SettingState
    question: Question
    template: str = "settings/guidance.html"

    @property
    def part(self) -> str:
        return f"guidance:{self.question.name}"

    @property
    def path(self) -> str:
        return f"guidance/{self.question.name}/"

    @property
    def heading(self) -> str:
        return self._words("settings.texts.guidance_heading", label=self.question.label)

    @property
    def lead(self) -> tuple[str, ...]:
        return self._words.lines("settings.texts.guidance_lead")

    @property
    def summary(self) -> tuple[str, ...]:
        return tuple(topic.heading for topic in self._topics)

    @property
    def _topics(self) -> tuple[GuidanceTopic, ...]:
        return self.question.guidance.topics if self.question.guidance else ()

    @property
    def _words(self) -> Words:
        return self.standing.words

    def _room(self, typed: Mapping[str, str]) -> range:
        """Return the topic numbers of the form: those in force and spare ones, and all that were typed."""
        there = [number for number in range(1, MOST_TOPICS + 1) if f"{HEADING}{number}" in typed]
        last = max(len(self._topics) + EMPTY_TOPICS, *there, 0)
        return range(1, min(last, MOST_TOPICS) + 1)

    def form(self, typed: Mapping[str, str] | None = None, more: int = 0) -> Form:
        fields: list[Field] = []
        for number in self._room(typed or {}):
            fields.append(Field(f"{HEADING}{number}", self._words("settings.texts.topic", count=number)))
            label = self._words("settings.texts.topic_lines", count=number)
            fields.append(Field(f"lines-{number}", label, "long_text", hint=self._words("settings.texts.topic_hint")))
        return Form(fields, self._in_force() if typed is None else typed)

    def numbers_in(self, form: Form) -> list[int]:
        """Return the numbers of the topics that the form has fields for."""
        return [int(name.removeprefix(HEADING)) for name in form.fields if name.startswith(HEADING)]

    def _in_force(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for number, topic in enumerate(self._topics, start=1):
            values |= {f"{HEADING}{number}": topic.heading, f"lines-{number}": "\n".join(topic.lines)}
        return values

    def read(self, form: Form) -> Overlay | None:
        topics = tuple(topic for number in self.numbers_in(form) if (topic := self._read_topic(form, number)))
        if not form.errors and not topics:
            form.refuse(self._words("settings.texts.none_left"))
        if form.summary:
            return None
        overlay = self.standing.overlay
        return overlay.model_copy(update={"guidance": {**overlay.guidance, self.question.name: topics}})

    def _read_topic(self, form: Form, number: int) -> GuidanceTopic | None:
        words, reader = self._words, TextReader(form, self.standing.words)
        heading = reader.line(f"{HEADING}{number}", words("settings.texts.topic", count=number))
        typed = reader.text(f"lines-{number}", words("settings.texts.topic_lines", count=number), LONGEST_PARAGRAPH)
        points = tuple(line.strip() for line in typed.split("\n") if says_something(line))
        if points and not heading:
            form.wrong(f"{HEADING}{number}", words("settings.texts.topic_missing"))
        if heading and not points:
            form.wrong(f"lines-{number}", words("settings.texts.lines_missing"))
        return GuidanceTopic(heading=heading, lines=points) if heading and points else None

    def differences(self, overlay: Overlay) -> list[Difference]:
        after = overlay.guidance.get(self.question.name, self._topics)
        pairs = enumerate(zip_longest(self._topics, after), start=1)
        return [
            (self._words("settings.texts.topic", count=number), _shown(old), _shown(new))
            for number, (old, new) in pairs
            if old != new
        ]


def _shown(topic: GuidanceTopic | None) -> str:
    return lines(topic.heading, *topic.lines) if topic else ""
