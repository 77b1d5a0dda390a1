from destination_powerschool_enrollment.ordered_queue import LateRows


def rows_of(*added, **settings):
    late = LateRows(**settings)
    for key, row, was_repeated in added:
        late.add(key, row, was_repeated=was_repeated)
    return late


def test_last_row_of_a_key_is_sent_again_if_an_earlier_one_was_repeated():
    late = rows_of(("a", 1, True), ("b", 2, False), ("a", 3, False), ("a", 4, False), ("b", 5, False))
    assert late.to_send_again() == [4]


def test_repeated_row_that_is_the_last_of_its_key_is_not_sent_again():
    assert rows_of(("a", 1, False), ("a", 2, True)).to_send_again() == []


def test_number_of_kept_keys_is_limited():
    late = rows_of(("a", 1, True), ("b", 2, True), ("b", 3, True), ("a", 4, False), most_keys=1)
    assert late.to_send_again() == [4]
    assert late.forgotten == 2
