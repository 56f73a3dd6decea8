"""A report as an Excel workbook, made in a process of its own that knows no database, no bus and no secret."""
