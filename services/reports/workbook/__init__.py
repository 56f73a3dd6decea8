"""Makes a report as an Excel workbook, in a separate process without database, bus or secrets."""
