"""What the protocol would suggest next, and why. It never acts.

`suggest(case)` answers for one case read by `detox.clinical.case.read_case`. Tiers are strict: danger, integrity,
start, trajectory; each rule is a small function named after what it looks for, and its numbers, texts and sources
stand in detox/protocols/suggestions.toml.
"""

from detox.clinical.suggestions.content import SuggestionsFile, content
from detox.clinical.suggestions.engine import Suggestion, suggest
from detox.clinical.suggestions.explain import Input
from detox.clinical.suggestions.fired import DoseAction, SuggestionClass

__all__ = ["DoseAction", "Input", "Suggestion", "SuggestionClass", "SuggestionsFile", "content", "suggest"]
