"""The words people agree to."""

from services.migrant.consents.rules import WORDS, ConsentPurpose, leans_on_texts


def test_every_purpose_has_words_in_two_languages_and_a_way_out() -> None:
    assert set(WORDS) == set(ConsentPurpose)
    for words in WORDS.values():
        assert "随时撤回" in words.text.zh
        assert "take this back" in words.text.en
        assert words.version >= 1


def test_a_stop_to_texts_leaves_the_rest() -> None:
    leaning = {each for each in ConsentPurpose if leans_on_texts(each)}
    assert leaning == set(ConsentPurpose) - {ConsentPurpose.HEALTH_CHECK, ConsentPurpose.FOLLOW_UP}
