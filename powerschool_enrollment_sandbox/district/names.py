"""Lists of names, streets and employers, generated once with Faker, in the scripts of several languages."""

import functools
from dataclasses import dataclass
from typing import Any

from faker.factory import Factory

# Locale of Faker, how many of 64 families belong to it, and the language that they speak at home.
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
    """The language of a group of families, and the names that occur in it."""

    language: str
    girls: tuple[str, ...]
    boys: tuple[str, ...]
    surnames: tuple[str, ...]


@dataclass(frozen=True)
class Pools:
    """The lists to choose from. `communities` contains each community as often as its share of families."""

    communities: tuple[Community, ...]
    streets: tuple[str, ...]
    employers: tuple[str, ...]
    logins: tuple[str, ...]


@functools.cache
def pools() -> Pools:
    """Return the lists. They are equal in every run with the same version of Faker."""
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
    # The type is Any because Faker adds a provider's methods at run time.
    # Loading all providers, and not only those in use, takes most of a second for a dozen locales.
    generator = Factory.create(locale, providers=[f"faker.providers.{provider}" for provider in providers])
    generator.seed_instance(_POOL_SEED)
    return generator
