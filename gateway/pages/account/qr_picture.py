"""The picture that an authenticator app scans, as markup within the page: no other site is asked for it."""

import segno
from markupsafe import Markup


def qr_picture(text: str) -> Markup:
    """Return the text as a QR picture in SVG, black on white in every colour scheme, without a size of its own."""
    picture = segno.make_qr(text, error="m")
    svg: str = picture.svg_inline(border=4, light="#ffffff", svgclass="ics-qr__picture", lineclass=None, omitsize=True)
    return Markup(svg)  # noqa: S704  it consists of lines alone; the text is not in it as text
