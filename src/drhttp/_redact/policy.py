"""What is masked, and by what: the built-in rules and those of a `Redact`, such as `Redact(also=["patient_id"])`."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from drhttp._guard import guarded
from drhttp._redact.detect.credentials import CredentialFinder
from drhttp._redact.detect.name_words import normalize_name
from drhttp._redact.detect.secret_names import SecretNames
from drhttp._redact.errors import MaskingError
from drhttp._redact.harmless_cache import HarmlessCache
from drhttp._redact.work_budget import WorkBudget

if TYPE_CHECKING:
    from drhttp._redact_options import Redact


class Policy:
    """A `Redact` prepared for use. It never changes; what changes during masking is in `cache` and `budget`.

    marked: names that are secret too, even if the `Redact` allows them. budget: by default, a new one without a limit.

    keep_files: whether files in forms are masked like texts; by default, only their sizes are kept.

    min_length: shorter texts hold no secret value; 0 if a pattern of the user may match anything. with_names: the
    policy with other names marked, and the same budget. For the other attributes see the methods of `SecretNames` and
    `CredentialFinder` that they are.
    """

    def __init__(
        self,
        redact: Redact,
        marked: frozenset[str] = frozenset(),
        *,
        budget: WorkBudget | None = None,
        keep_files: bool = False,
    ) -> None:
        normalized = {normalize_name(name) for name in marked}
        allow = [name for name in redact.allow if normalize_name(name) not in normalized]
        self._replacement: Final = redact.value
        self.keep_files: Final = keep_files
        # With patterns of the user every text is searched twice.
        patterns = bool(redact.patterns or redact.emails)
        self.budget: Final = budget or WorkBudget(factor=2 if patterns else 1)
        self._names: Final = SecretNames((*redact.also, *sorted(marked)), allow, self.budget)
        self._credentials: Final = CredentialFinder(
            redact.patterns,  # type: ignore[arg-type]
            emails=redact.emails,
            is_secret=self._is_secret_segment,
            budget=self.budget,
        )
        self.min_length: Final = self._credentials.min_length
        self.cache: Final = HarmlessCache()
        self.is_secret: Final = self._names.is_secret
        self.is_secret_in_query: Final = self._names.is_secret_in_query
        self.names: Final = self._names.names
        self.last_words: Final = self._names.last_words
        self.is_allowed: Final = self._names.is_allowed
        self.is_added: Final = self._names.is_added
        self.is_harmless: Final = self._names.is_harmless
        self.is_harmless_literal: Final = self._names.is_harmless_literal
        self.is_postal_code: Final = self._names.is_postal_code
        self.end_of_harmless: Final = self._names.end_of_harmless
        self.may_hold_secret: Final = self._credentials.may_hold_secret
        # Bounded. Few requests mark names, and those that do come from few views.
        self.with_names: Final = lru_cache(maxsize=64)(partial(Policy, redact, budget=self.budget))

    def _is_secret_segment(self, segment: str) -> bool:
        """Whether a segment of a path is a secret name."""
        self.budget.spend(1)
        return self._names.is_secret(segment)

    def are_harmless(self, names: frozenset[str]) -> bool:
        """Whether none of the names is secret."""
        if names <= self.cache.names:
            return True
        self.budget.spend(sum(map(len, names - self.cache.names)) // 3)
        if any(map(self.is_secret, names)):
            return False
        self.cache.add_names(names)
        return True

    def mask(self, secret: str) -> str:
        """What replaces a secret. Raises `MaskingError` ("callback") if the user's function fails."""
        if isinstance(self._replacement, str):
            self.budget.spend(2)
            return self._replacement
        self.budget.spend(6)
        masked = guarded(self._replacement, secret)
        if not isinstance(masked, str):
            raise MaskingError("callback")
        return masked.encode("utf-8", "replace").decode()

    def mask_values(self, text: str) -> tuple[str, int]:
        """Mask values that are secret by their form, such as tokens and card numbers; return the text and a count."""
        schemed = "asic" in text or "earer" in text  # what follows is decoded or compared
        self.budget.spend(4 + len(text) // 24 + 6 * schemed)
        masked, count = self._credentials.mask(text, self.mask)
        self.budget.spend(2 * count)  # besides the mask: each was found and checked
        return masked, count
