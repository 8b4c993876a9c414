"""Withdrawal monitoring for a detox ward: nurses record, the ward sees, a physician decides."""
