"""Who is erased is found by all they are called, as whole words, and nobody else with them."""

import pytest

from passback.delivery.outbox.mentions import Mentions


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("ana@example.com", "no user ana@example.com.", "no user (erased)."),
        ("ana@example.com", "GET /users/ana%40example.com → 404", "GET /users/(erased) → 404"),
        ("ana@example.com", "agent=%7B%22mbox%22%3A%22mailto%3aANA%40Example.com%22", None),
        ("ana@example.com", "/users/ana@example.com-7", "/users/(erased)-7"),
        ("ana@example.com", "diana@example.com, mary.ana@example.com, ana@example.com.au", ""),
        ("ana", "ana, /users/ana/grades, learner=ana", "(erased), /users/(erased)/grades, learner=(erased)"),
        ("ana", "banana, ana@example.com, ana-lisa, ana.lopez, /users/ana%40example.com", ""),
        ("b7f0c1de-5a3e", "user B7F0C1DE-5A3E is gone", "user (erased) is gone"),
        ("Ana Lópéz", "no ana lópéz, Ana+L%C3%B3p%c3%a9z, Ana%20L%C3%B3p%C3%A9z", None),
        ("Ana Lopez", "Ana Lopez-Garcia, Joana Lopez", ""),
        ("Mark", "no grade for Mark: a mark is missing", "no grade for (erased): a mark is missing"),
        (
            "王芳",
            "找不到学习者王芳的帐户, /users/%E7%8E%8B%E8%8A%B3",
            "找不到学习者(erased)的帐户, /users/(erased)",
        ),
        ("Жанна", "нет Жанна в системе", "нет (erased) в системе"),
        ("104217", "answered 503; user 104217, 1042170", "answered 503; user (erased), 1042170"),
        ("429", "answered 429: it asks to slow down; 12,429 ms", ""),
        ("a1", "/users/a1: a1 isn't known", ""),
        ("user", "POST /users: no such user", ""),
        ("", "nobody", ""),
        (".*", "anything at all", ""),
    ],
)
def test_only_whole_words_that_mean_them_are_overwritten(name, text, left):
    said = Mentions([name]).without(text)
    if left is None:
        assert not any(each in said.casefold() for each in ("ana", "example", "pez", "l%c3"))
        assert "(erased)" in said
    else:
        assert said == (left or text)


def test_an_address_is_overwritten_whole_though_it_begins_with_another_name():
    assert Mentions(["ana", "ana@example.com"]).without("ana: ana@example.com") == "(erased): (erased)"
