"""What was kept, as screens and files need it: values only, nothing written."""
