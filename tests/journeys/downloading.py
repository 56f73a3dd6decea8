"""Steps that make a report on the reporting page, download it, and read it."""

from pathlib import Path

from openpyxl import load_workbook
from playwright.async_api import Page, expect


async def downloaded(page: Page, folder: Path) -> Path:
    """Follow the download link. Return the file, which is saved in the folder under its own name."""
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download").click()
    file = await download.value
    await file.save_as(folder / file.suggested_filename)
    return folder / file.suggested_filename


async def the_one_row(page: Page, folder: Path) -> dict[object, object]:
    """Wait for the report, which has one record, and return its cells by their headings."""
    await expect(page.locator(".ics-report__said")).to_have_text("Your report is ready.", timeout=20_000)
    heads, row = load_workbook(await downloaded(page, folder)).worksheets[0].iter_rows(values_only=True)
    return dict(zip(heads, row, strict=True))
