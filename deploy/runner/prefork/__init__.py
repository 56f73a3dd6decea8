"""Fork the product's processes from one server that has already imported the modules they share."""
