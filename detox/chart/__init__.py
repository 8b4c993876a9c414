"""What is known of one patient, read once and judged once."""
