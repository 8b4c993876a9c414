"""The one gate in front of the store: who may see and do what."""
