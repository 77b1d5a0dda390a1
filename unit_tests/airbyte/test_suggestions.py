from powerschool_enrollment_airbyte.suggestions import closest, did_you_mean, listed


def test_closest_name_is_suggested_with_its_path():
    assert did_you_mean("Page_sise", ["page_size", "num_workers"], "a.0.") == "did you mean a.0.page_size?"


def test_known_names_are_listed_if_none_is_close():
    assert did_you_mean("xyz", ["page_size", "num_workers"]) == "known: page_size, num_workers."


def test_names_are_compared_in_normalised_form():
    assert closest("birth-date", ["Birth Date", "Grade"], lambda name: name.lower().replace("-", " ")) == "Birth Date"
    assert closest("zip", ["Birth Date"]) is None


def test_long_list_is_cut():
    assert listed("abc") == "a, b, c"
    assert listed("abcde", most=2) == "a, b, and 3 more"
    assert listed([]) == "none"
