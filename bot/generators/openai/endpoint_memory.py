"""The requests that a server of OpenAI's protocol takes, learned from its refusals while the program runs.

Everybody's server refuses something else: a parameter, a role, a path, more tokens than it reads. Each refusal that
says what it is about changes what is asked, once; what was learned counts for every later question to that endpoint.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field

from bot.errors import GeneratorProblem, QuestionTooLong

MAX_ENDPOINTS = 64
"""Endpoints (address and model) that are remembered."""
MIN_CONTEXT, MAX_CONTEXT = 64, 10_000_000
"""Tokens: what a server may be believed to read."""
MAX_SCALE = 8.0
"""Real tokens for one of the estimate: a byte each is the most that any vocabulary takes."""

MAX_TOKENS = "max_tokens"
MAX_COMPLETION_TOKENS = "max_completion_tokens"

_NUMBER = r"(\d[\d,]{1,11})"
_CONTEXT = (
    re.compile(rf"maximum (?:context|model|sequence) length (?:is|of) {_NUMBER}"),
    re.compile(rf"context (?:size|length|window)\W{{0,3}}(?:is|of|=|:)?\W{{0,3}}{_NUMBER}"),
    re.compile(rf"(?:n_ctx|max_model_len|context_length)\W{{1,5}}{_NUMBER}"),
    re.compile(rf"{_NUMBER} tokens? (?:of )?context"),
)
_ASKED = (
    re.compile(rf"\({_NUMBER} in the (?:messages|prompt|input)"),
    re.compile(rf"(?:request|prompt|input) \({_NUMBER} tokens\)"),
    re.compile(rf"(?:messages|prompt|input|request) (?:resulted in|has|have|contains?|is)(?: at least)? {_NUMBER}"),
    re.compile(rf"{_NUMBER} input tokens"),
)
_MOST = re.compile(
    rf"(?:at most|less than or equal to|maximum (?:value |allowed )?(?:is|of)"
    rf"|up to|<=|≤|no more than|exceed) ?{_NUMBER}"
)
_UNKNOWN = re.compile(
    r"unsupported|not support|n't support|unknown|unrecogni[sz]ed|not permitted|not allowed|unexpected"
    r"|extra (inputs|fields)|only the default|deprecated|invalid|not accepted|does not accept|cannot be"
)
_SYSTEM = re.compile(
    r"(system|developer)\W+(\w+\W+){0,3}(not (supported|allowed|enabled)|unsupported)|roles? must alternate"
    r"|only user[, ]+(and )?assistant|does not support '?(system|developer)|(system|developer) instruction is not"
)


_ABOUT_PICTURES = re.compile(
    r"\bimages?\b|image_url|image_input|vision|multi-?modal|mmproj|\bpictures?\b"
    r"|content\W+(\w+\W+){0,5}(must|should) be (a |of type )?(valid )?str|(valid|a) string"
)
_SEES_NOTHING = re.compile(
    r"not support|n't support|unsupported|not enabled|not a (multi-?modal|vision)|not (multi-?modal|vision)"
    r"|only (supported|available)|that supports? image|no endpoints|unknown variant|mmproj|not (allowed|available)"
    r"|(must|should) be (a |of type )?(valid )?str|(valid|a) string|text[- ]only|at most 0 image|cannot see image"
)


@dataclass(slots=True)
class Endpoint:
    """Forms of a request that one model at one address takes."""

    token_parameter: str = MAX_TOKENS
    """Name of the limit of an answer; empty: it is not taken at all."""
    most_tokens: int | None = None
    """The longest answer that may be asked for."""
    refused: set[str] = field(default_factory=set)
    """Other parameters that are left out."""
    takes_system: bool = True
    takes_pictures: bool = True
    context: int | None = None
    """Tokens that the server says it reads."""
    scale: float = 1.0
    """Real tokens for one of the estimate, the most that was seen."""
    address: int = 0
    """Index of the possible address that answers."""
    begins_in_thought: bool = False
    """Its chat template writes the beginning of the thoughts."""
    goes_on: bool | None = None
    """It goes on with a last message of the assistant's; None: not tried yet."""

    def learn(self, problem: GeneratorProblem, sent: Collection[str], *, system: bool, tokens: int) -> bool:
        """Learn from a refusal of a request with these parameters, whose messages are estimated at `tokens`.

        `system` says whether there was a system message. Tells whether the same question would be asked otherwise now.
        """
        words = str(problem).lower()
        if isinstance(problem, QuestionTooLong) or "context" in words:
            return self._learn_context(words, tokens)
        return self._learn_parameter(words, sent) or (system and self._learn_system(words))

    def learn_pictures(self, problem: GeneratorProblem) -> bool:
        """Tell whether a refusal is about the pictures that were sent; one that takes none at all is remembered."""
        words = str(problem).lower()
        if not _ABOUT_PICTURES.search(words):
            return False
        if _SEES_NOTHING.search(words):
            self.takes_pictures = False
        return True

    def _learn_context(self, words: str, tokens: int) -> bool:
        asked = _first(_ASKED, words)
        if asked is not None and tokens > 0:
            self.scale = min(max(self.scale, asked / tokens), MAX_SCALE)
        context = _first(_CONTEXT, words)
        if context is None or not MIN_CONTEXT <= context <= MAX_CONTEXT or context == self.context:
            return False
        self.context = context
        return True

    def _learn_parameter(self, words: str, sent: Collection[str]) -> bool:
        limit = self.token_parameter
        if limit in sent and (limit in words or "completion tokens" in words):
            most = _MOST.search(words)
            if most is not None and int(most[1].replace(",", "")) != self.most_tokens:
                self.most_tokens = int(most[1].replace(",", ""))
            elif limit == MAX_TOKENS and MAX_COMPLETION_TOKENS in words:
                self.token_parameter = MAX_COMPLETION_TOKENS
            else:
                self.token_parameter = ""
            return True
        named = {name for name in sent if name not in {limit, "model", "messages", "stream"} and name in words}
        if not named or not _UNKNOWN.search(words):
            return False
        self.refused |= named
        return True

    def _learn_system(self, words: str) -> bool:
        if not (self.takes_system and _SYSTEM.search(words)):
            return False
        self.takes_system = False
        return True


class EndpointMemory:
    """The endpoints that were asked since the program started, the newest `MAX_ENDPOINTS` of them."""

    def __init__(self) -> None:
        self._endpoints: OrderedDict[tuple[str, str], Endpoint] = OrderedDict()

    def of(self, url: str, model: str) -> Endpoint:
        """Give what is known of a model at an address; it is changed in place."""
        endpoint = self._endpoints.setdefault((url, model), Endpoint())
        self._endpoints.move_to_end((url, model))
        while len(self._endpoints) > MAX_ENDPOINTS:
            self._endpoints.popitem(last=False)
        return endpoint


def _first(patterns: tuple[re.Pattern[str], ...], words: str) -> int | None:
    found = next((match for pattern in patterns if (match := pattern.search(words))), None)
    return int(found[1].replace(",", "")) if found else None
