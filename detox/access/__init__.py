"""The front door: who may come in, by which doors, and what leaves the house."""
