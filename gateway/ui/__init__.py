"""What pages are made with: forms, tables, formats, navigation and rendering."""
