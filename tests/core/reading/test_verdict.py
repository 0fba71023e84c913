"""A sentence, the line above a list, or a value says yes or no to a question."""

from __future__ import annotations

import pytest

from core.reading.verdict import answers_otherwise, denies, verdict


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("Are you open on Mondays?", "We are closed on Mondays.", "no"),
        ("Is the shop closed on Sundays?", "The shop is closed on Sundays.", "yes"),
        ("Is the shop closed on Tuesday?", "The shop is open from Monday to Thursday.", "no"),
        ("Are seats available on Friday?", "Seats are unavailable on Friday.", "no"),
        ("Are seats available on Friday?", "No seats are available on Friday.", "no"),
        ("Are lamps in stock?", "The store is out of stock of lamps.", "no"),
        ("Is the lift working?", "The lift is out of order.", "no"),
        ("Does the old bridge still exist?", "The old bridge was demolished in 1990.", "no"),
        ("Is the offer still valid?", "The offer expired on 3 May.", "no"),
        ("Is entry free?", "Entry costs 8 euro.", "no"),
        ("Do children have to pay for entry?", "Entry is free for children.", "no"),
        ("Is the drink free of sugar?", "The drink holds no sugar.", "yes"),
        ("Can I chew the tablet?", "Swallow the tablet whole.", "no"),
        ("Is dizziness a common side effect?", "Uncommon: dizziness, rash.", "no"),
        ("Is smoking allowed?", "Smoking is prohibited.", "no"),
        ("Is smoking allowed?", "Smoking is allowed.", "yes"),
        ("Is sick leave unpaid?", "Sick leave is paid for six weeks.", "no"),
        ("Is sick leave paid?", "Sick leave is unpaid.", "no"),
        ("Do students have to pay?", "Students train free of charge.", "no"),
        ("Is parking at the hotel free?", "The hotel has free parking but no restaurant.", "yes"),
        ("Does the hotel have a restaurant?", "The hotel has free parking but no restaurant.", "no"),
        ("Was the motion rejected?", "The motion was adopted.", "no"),
    ],
)
def test_what_excludes_the_question_denies_it(question: str, text: str, said: str) -> None:
    assert verdict(question, "", text) == said


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("Is the rent due on the tenth?", "Rent is due on the first.", "no"),
        ("Does the team meet on Tuesday?", "The team meets on Mondays.", "no"),
        ("Does the team meet on Tuesday?", "The team meets from Monday to Wednesday.", "yes"),
        ("Is the pool open in May?", "The pool is open from June to September.", "no"),
        ("Is the pool open in July?", "The pool is open from June to September.", "yes"),
        ("Is the next meeting on 9 July?", "The next meeting takes place on 2 July.", "no"),
        ("Is the next meeting on July 2?", "The next meeting takes place on 2 July.", "yes"),
        ("Was it founded in 1990?", "It was founded in 1985.", "no"),
        ("Is the deposit 900 euro?", "The deposit is 850 euro.", "no"),
        ("May I bring a guest?", "You may bring a guest in July.", "yes"),
        ("Are they open on Tuesday?", "They are closed on Mondays.", ""),
        ("Is it open on 3 July?", "It is open from 1 June to 30 September.", "yes"),
        ("Is it open on 3 May?", "It is open from 1 June to 30 September.", "no"),
        ("Is it open in July?", "It is open between 1 June and 30 September.", "yes"),
        ("Was it in use in 1985?", "It has been in use since 1990.", "no"),
        ("Do I need a note on the first day?", "A note is required from the third day.", "no"),
        ("Is it open on Tuesday?", "It is open on Monday and Wednesday.", "no"),
        ("Was it in use in 1995?", "It was in use from 1990 to 1999.", "yes"),
        ("Was it in use in 2005?", "It was in use from 1990 to 1999.", "no"),
        ("Was it in use in 1995?", "It has been in use since 1990.", "yes"),
        ("May I pay on the fifth?", "You may pay from the first to the tenth.", "yes"),
    ],
)
def test_another_day_month_or_amount_is_a_no(question: str, text: str, said: str) -> None:
    assert verdict(question, "", text) == said


@pytest.mark.parametrize(
    ("question", "lead", "item", "said"),
    [
        ("Are knives allowed in hand luggage?", "Not allowed in hand luggage", "- knives", "no"),
        ("Are cameras allowed in hand luggage?", "Allowed in hand luggage", "- cameras", "yes"),
        ("Is theft of bicycles covered?", "The insurance does not cover:", "- theft of bicycles", "no"),
        ("Is damage by floods covered?", "Exclusions", "- damage by floods", "no"),
        ("May I drive it without gloves?", "Never drive it:", "- without gloves", "no"),
    ],
)
def test_an_item_says_what_the_line_above_its_list_says(question: str, lead: str, item: str, said: str) -> None:
    assert verdict(question, "", item, lead) == said


@pytest.mark.parametrize(
    ("question", "said"), [("Can 8 people use the lift?", "no"), ("Can 5 people use the lift?", "yes")]
)
def test_a_bound_rules_how_many(question: str, said: str) -> None:
    assert verdict(question, "", "The lift carries at most 6 people.") == said
    assert verdict(question, "", "No more than 6 people may use the lift.") == said


def test_what_answers_in_other_words() -> None:
    assert answers_otherwise("Is the lift working?", "The lift is out of order.")
    assert answers_otherwise("Is the rent due on the tenth?", "Rent is due on the first.")
    assert not answers_otherwise("Is the lift working?", "The lift was built in June.")


def test_a_bound_denies_nothing() -> None:
    assert not denies("It carries no more than six people.")
    assert denies("It carries no people.")


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("Can I store it at 30 °C?", "Store below 25 °C.", "no"),
        ("Can I store it at 20 °C?", "Store below 25 °C.", "yes"),
        ("Can I charge it at 45 °C?", "Do not charge it below 5 °C or above 40 °C.", "no"),
        ("Can I charge it at 20 °C?", "Do not charge it below 5 °C or above 40 °C.", "yes"),
        ("Will the heating be off?", "The heating stays on.", "no"),
        ("Do I have to speak French?", "You speak Dutch; French is a plus.", "no"),
        ("Do I have to speak Dutch?", "You speak Dutch; French is a plus.", "yes"),
    ],
)
def test_orders_and_what_is_welcome_rule(question: str, text: str, said: str) -> None:
    assert verdict(question, "", text) == said


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("May I swim on Mondays?", "Swimming is allowed from six to nine, except on Mondays.", "no"),
        ("May I swim on Tuesdays?", "Swimming is allowed from six to nine, except on Mondays.", "yes"),
        ("Are fires allowed?", "Fires are not allowed unless the ranger agrees.", "no"),
        ("Are fires allowed if the ranger agrees?", "Fires are not allowed unless the ranger agrees.", "yes"),
        ("Is the hall open on New Year's Day?", "Apart from New Year's Day, the hall is open daily.", "no"),
        ("Are snakes allowed?", "Pets are not allowed, with the exception of snakes and mice.", "yes"),
        ("Are mice allowed?", "Pets are not allowed, with the exception of snakes and mice.", "yes"),
        ("Are pets allowed?", "Pets are not allowed, with the exception of snakes and mice.", "no"),
        ("Do kiosks close at ten?", "Shops, except kiosks, close at ten.", "no"),
        ("Do shops close at ten?", "Shops, except kiosks, close at ten.", "yes"),
        ("Is entry free for groups?", "Entry is free (except for groups) all year.", "no"),
        ("Do children under ten swim free?", "Children under ten swim free unless they come with a class.", "yes"),
        ("Does it take rolls over 3 kg?", "Rolls heavier than 3 kg are not taken.", "no"),
        ("Is the gasket free of charge?", "Parts are free of charge, save for the gasket.", "no"),
        ("Are parts free of charge?", "Parts are free of charge, save for the gasket.", "yes"),
        ("May pellets be used?", "Neither coal nor coke may be used; pellets may.", "yes"),
        ("May coal be used?", "Neither coal nor coke may be used; pellets may.", "no"),
        ("May hens be sold?", "Hens may be kept; they may not be sold.", "no"),
        ("Are handles covered?", "Excluded parts: gasket, glass, handles.", "no"),
        ("May guide dogs enter?", "Dogs may not enter, guide dogs excepted.", "yes"),
        ("May dogs enter?", "Dogs may not enter, guide dogs excepted.", "no"),
        ("May guests use the lift?", "Only staff may use the lift.", ""),
        ("May staff use the lift?", "Only staff may use the lift.", "yes"),
        ("May guests use the lift?", "The lift may be used by staff only.", ""),
        ("Is smoking allowed in the kitchen?", "Smoking is allowed only on the balcony.", ""),
        ("Is smoking allowed on the balcony?", "Smoking is allowed only on the balcony.", "yes"),
        ("Is the gate open on Mondays?", "The gate is open only on Sundays.", "no"),
        # Not all that is taken out is asked about.
        ("Is entry free for groups of ten?", "Entry is free, except for groups with a guide.", ""),
        ("Do pupils pay 9 euro?", "Guests other than pupils pay 9 euro a day.", ""),
    ],
)
def test_what_a_sentence_takes_out_is_turned(question: str, text: str, said: str) -> None:
    assert verdict(question, "", text) == said
