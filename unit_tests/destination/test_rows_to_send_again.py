from destination_powerschool_enrollment.ordered_queue import RowsToSendAgain


def kept_of(*added, **settings):
    kept = RowsToSendAgain(**settings)
    for key, row, was_repeated in added:
        kept.add(key, row, was_repeated=was_repeated)
    return kept


def test_last_row_of_a_key_is_sent_again_if_an_earlier_one_was_repeated():
    kept = kept_of(("a", 1, True), ("b", 2, False), ("a", 3, False), ("a", 4, False), ("b", 5, False))
    assert kept.rows() == [4]


def test_repeated_row_that_is_the_last_of_its_key_is_not_sent_again():
    assert kept_of(("a", 1, False), ("a", 2, True)).rows() == []


def test_number_of_kept_keys_is_limited():
    kept = kept_of(("a", 1, True), ("b", 2, True), ("b", 3, True), ("a", 4, False), most_keys=1)
    assert kept.rows() == [4]
    assert kept.forgotten == 2
