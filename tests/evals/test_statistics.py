"""Intervals and tests against published values, and against what must hold of any."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.evals.statistics import bootstrap_difference, clustered_rate, p_words, quantile, sign_test, t975, wilson


@pytest.mark.parametrize(
    ("passed", "n", "low", "high"),
    # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_the_published_one(passed: int, n: int, low: float, high: float) -> None:
    found = wilson(passed / n, n)
    assert found == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [(9, 1, 0.021484375), (5, 5, 1.0), (7, 0, 0.015625), (0, 0, 1.0), (12, 4, 0.076812744)],  # binomial tables
)
def test_the_sign_test_is_exact(wins: int, losses: int, p: float) -> None:
    assert sign_test(wins, losses) == pytest.approx(p)
    assert sign_test(losses, wins) == pytest.approx(p)


@pytest.mark.parametrize(
    ("p", "words"),
    [(1.0, "1"), (0.021484375, "0.021"), (0.0498, "0.0498"), (0.04999, "0.04999"), (0.05, "0.05"), (1e-9, "< 0.001")],
)
def test_a_p_value_is_told_on_its_side_of_the_line(p: float, words: str) -> None:
    assert p_words(p) == words


def test_repeats_that_agree_wholly_are_worth_one_result_a_case() -> None:
    agreeing = {f"c{n}": [(n % 2 == 0, 1.0)] * 10 for n in range(20)}
    rate = clustered_rate(agreeing)
    assert rate is not None
    assert (rate.n, rate.rate) == (200, 0.5)
    assert rate.effective_n == pytest.approx(20, rel=0.06)
    assert (rate.low, rate.high) == (pytest.approx(wilson(0.5, rate.effective_n)[0]), pytest.approx(1 - rate.low))


def test_repeats_that_have_nothing_to_do_with_each_other_are_worth_nearly_all() -> None:
    mixed = {f"c{n}": [(True, 1.0), (False, 1.0)] * 5 for n in range(20)}
    rate = clustered_rate(mixed)
    assert rate is not None
    assert rate.effective_n == pytest.approx(200 * (1.960 / 2.093) ** 2, rel=1e-3)


@pytest.mark.parametrize(
    ("freedom", "t"),
    # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
    [(1, 12.706), (2, 4.303), (4, 2.776), (5, 2.571), (6, 2.447), (9, 2.262), (16, 2.120), (30, 2.042), (100, 1.984)],
)
def test_students_t_is_the_published_one(freedom: int, t: float) -> None:
    assert t975(freedom) == pytest.approx(t, abs=6e-4)


@pytest.mark.parametrize(("cases", "repeats"), [(3, 100), (3, 10), (5, 10), (10, 10), (17, 5)])
@pytest.mark.parametrize("alike", [0.5, 1.0, 5.0])
def test_an_interval_of_few_cases_holds_the_true_rate_as_often_as_it_says(
    cases: int, repeats: int, alike: float
) -> None:
    """Cases whose chances lie around one half, the farther apart the smaller `alike` is."""
    rng, rounds, held = random.Random(cases * repeats), 800, 0
    for _ in range(rounds):
        chances = [rng.betavariate(alike, alike) for _ in range(cases)]
        rate = clustered_rate(
            {str(place): [(rng.random() < each, 1.0) for _ in range(repeats)] for place, each in enumerate(chances)}
        )
        assert rate is not None
        held += rate.low <= 0.5 <= rate.high
    assert held / rounds >= 0.92  # of 95 %, with what chance takes of 800 rounds


def test_without_repeats_every_result_counts_and_without_results_there_is_no_rate() -> None:
    rate = clustered_rate({f"c{n}": [(n < 9, 1.0)] for n in range(10)})
    assert rate is not None
    assert (rate.rate, rate.effective_n) == (0.9, 10)
    assert clustered_rate({}) is None
    assert clustered_rate({"c": []}) is None


def test_weights_shift_the_rate_and_cost_certainty() -> None:
    rate = clustered_rate({"light": [(True, 1.0)], "heavy": [(False, 3.0)]})
    assert rate is not None
    assert rate.rate == 0.25
    assert rate.effective_n == pytest.approx(16 / 10)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 500), st.data())
def test_an_interval_holds_its_rate_and_more_results_narrow_it(n: int, data: st.DataObject) -> None:
    passed = data.draw(st.integers(0, n))
    low, high = wilson(passed / n, n)
    assert 0.0 <= low <= passed / n + 1e-12
    assert passed / n - 1e-12 <= high <= 1.0
    wider = wilson(passed / n, n / 2)
    assert wider[1] - wider[0] >= high - low


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text(max_size=3), st.lists(st.tuples(st.booleans(), st.floats(0.1, 9)), max_size=6), max_size=8)
)
def test_a_clustered_rate_is_never_surer_than_independent_results(by_case: dict[str, list[tuple[bool, float]]]) -> None:
    rate = clustered_rate(by_case)
    if rate is None:
        assert not any(by_case.values())
        return
    assert 0 < rate.effective_n <= rate.n + 1e-9
    assert 0.0 <= rate.low <= rate.high <= 1.0


def test_the_bootstrap_is_the_same_each_time_and_sees_a_clear_difference() -> None:
    assert bootstrap_difference([1.0] * 9 + [0.0]) == bootstrap_difference([1.0] * 9 + [0.0])
    assert bootstrap_difference([1.0] * 9 + [0.0])[0] > 0
    low, high = bootstrap_difference([1.0, -1.0] * 10)
    assert low < 0 < high
    assert bootstrap_difference([]) == (0.0, 0.0)


def test_quantiles_are_values_that_were_seen() -> None:
    assert quantile([], 0.5) is None
    assert quantile([5.0], 0.95) == 5.0
    assert quantile(list(map(float, range(1, 101))), 0.5) == 50.0
    assert quantile(list(map(float, range(1, 101))), 0.95) == 95.0
