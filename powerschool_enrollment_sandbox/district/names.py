"""Pools of names, streets and employers, drawn once from Faker, in the scripts of a district's families."""

import functools
from dataclasses import dataclass
from typing import Any

from faker.factory import Factory

# A locale's share of families, of 64, and the language they speak at home.
_COMMUNITIES = (
    ("en_US", 30, "English"),
    ("es_MX", 13, "Spanish"),
    ("vi_VN", 3, "Vietnamese"),
    ("zh_CN", 3, "Chinese"),
    ("ar_SA", 3, "Arabic"),
    ("hi_IN", 2, "Hindi"),
    ("ko_KR", 2, "Korean"),
    ("ru_RU", 2, "Russian"),
    ("uk_UA", 1, "Ukrainian"),
    ("fr_FR", 2, "French"),
    ("pl_PL", 1, "Polish"),
    ("ja_JP", 1, "Japanese"),
    ("fa_IR", 1, "Farsi"),
)
_POOL_SEED = 20_250_901
_NAMES = 120
_STREETS = 300
_EMPLOYERS = 120


@dataclass(frozen=True)
class Community:
    """Families of one tongue, and the names they choose from."""

    language: str
    girls: tuple[str, ...]
    boys: tuple[str, ...]
    surnames: tuple[str, ...]


@dataclass(frozen=True)
class Pools:
    """What names are drawn from; `communities` holds each as often as its share."""

    communities: tuple[Community, ...]
    streets: tuple[str, ...]
    employers: tuple[str, ...]
    logins: tuple[str, ...]


@functools.cache
def pools() -> Pools:
    """The pools, the same in every run (with one version of Faker)."""
    communities = [
        community for locale, share, language in _COMMUNITIES for community in (_community(locale, language),) * share
    ]
    english = _generator("en_US", "person", "address", "company")
    return Pools(
        communities=tuple(communities),
        streets=tuple(english.street_name() for _ in range(_STREETS)),
        employers=tuple(english.company() for _ in range(_EMPLOYERS)),
        # Families write their names in many scripts; their mail addresses are ASCII.
        logins=tuple(f"{english.first_name()[0]}{english.last_name()}".lower() for _ in range(_NAMES)),
    )


def _community(locale: str, language: str) -> Community:
    generator = _generator(locale, "person")
    return Community(
        language=language,
        girls=tuple(generator.first_name_female() for _ in range(_NAMES)),
        boys=tuple(generator.first_name_male() for _ in range(_NAMES)),
        surnames=tuple(generator.last_name() for _ in range(_NAMES)),
    )


def _generator(locale: str, *providers: str) -> Any:
    # Faker adds a provider's methods at run time: only Any types them.
    # Only the providers in use: all of them would cost most of a second for a dozen locales.
    generator = Factory.create(locale, providers=[f"faker.providers.{provider}" for provider in providers])
    generator.seed_instance(_POOL_SEED)
    return generator
