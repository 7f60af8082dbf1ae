"""Invented adverts of the kinds that podcasts have, in the middle of a conversation."""

import pytest

from clipper_assets.adverts.detect import find_spans
from clipper_assets_tests.adverts.episodes import conversation, spoken

ADVERTS = {
    "mattress": """Can I tell you about my back for a second?
        For years I woke up feeling like I'd been folded in half.
        Then the folks at Drowsby sent us a mattress, and I haven't looked back.
        It's got five zones of support and it stays cool all night.
        My wife stole the other side on day one.
        You get a hundred nights to decide if you like it.
        Head to drowsby.com slash talk and take two hundred dollars off any bed.""",
    "vpn": """You wouldn't leave your front door open, so why do it online?
        With TunnelFox, one click hides where you are from your provider.
        I use it in every airport.
        It works on phones, laptops, even my television.
        Go to tunnelfox.com slash talk to get four extra months free on the two-year plan.""",
    "meal kit": """Dinner at our house used to be a negotiation.
        Now a box from Ladleberry shows up on Mondays with everything measured out.
        This week we made lemon chicken in twenty minutes flat.
        There are forty recipes on the menu every week.
        Go to ladleberry.com slash talk50 and use code TALK50 for fifty percent off plus free shipping.""",
    "insurance": """Bundle your car and your house with Oakhold and you could save.
        Drivers who switch save hundreds on average.
        Getting a quote takes about as long as tying your shoes.
        Visit oakhold.com to see how much you could save.
        Oakhold Casualty Insurance Company and affiliates.
        Potential savings will vary.
        Discounts not available in all states.""",
    "betting": """The playoffs are finally here.
        Every game gets bigger with Spreadline, an official partner of the league.
        New customers bet five dollars and get one hundred fifty in bonus bets if it wins.
        Download the Spreadline app and use code TALK.
        Gambling problem?
        Call 1-800-GAMBLER.
        Must be 21 or older and present in select states.""",
    "online doctor": """Losing your hair is not something men like to bring up.
        Crestwell connects you with a licensed provider from your couch.
        If it's appropriate, treatment ships straight to your door in plain packaging.
        Start your free online visit today at crestwell.com slash talk.
        Prescription products require a consultation.
        Restrictions apply.""",
    "job board": """Hiring is the hardest part of running a business.
        You post a role and two hundred people apply who have never read it.
        Matchdesk finds the ones who have the skills.
        Four out of five employers get a good candidate on the first day.
        Try it for free at matchdesk.com slash talk.""",
    "medicine": """When psoriasis flares, it can feel like everyone is looking.
        Once-monthly Clerivo helped most patients see clear skin at sixteen weeks.
        Serious allergic reactions and infections may occur.
        Tell your doctor if you have an infection or have had a vaccine.
        Ask your dermatologist about Clerivo.
        Visit clerivo.com or call 1-844-555-0100.""",
    "phone plan": """Your phone bill doesn't have to hurt.
        Pennyline has unlimited talk and text for fifteen dollars a month.
        You keep your phone and your number.
        It runs on the country's largest network.
        Make the switch at pennyline.com slash talk.
        Upfront payment of forty-five dollars required, taxes and fees extra.""",
    "broadcaster": """Support for this podcast comes from the Hollis Foundation.
        The foundation has worked for clean rivers since 1952.
        More information is at hollisfoundation.org.""",
    "public service": """Every year, thousands of children are hurt because a car seat was not fitted right.
        Is yours?
        Find out at theright seat.gov slash check.
        Brought to you by the U.S. Department of Roads and the Ad Council.""",
    "series": """What happened to the crew of the Marguerite?
        In 1974 a ship came home without a single sailor.
        I'm Lena Trask, and for two years I have looked for an answer.
        From Tidewater Studios, this is Empty Deck.
        Follow Empty Deck wherever you get your podcasts.""",
    "car": """The road doesn't end at the edge of town.
        The all-new Corvane Ridge has room for seven and all-wheel drive that finds its footing in the rain.
        Right now, get zero percent financing for sixty months on select models.
        See your local Corvane dealer for details.
        Offer ends March 31.""",
    "website": """I built our show's page in an afternoon, and I can't draw a straight line.
        Tilewright has templates that look like somebody got paid.
        You drag things where you want them.
        They handle the domain, the store and the email.
        Check out tilewright.com for a free trial, and use offer code TALK to save 10 percent.""",
}


@pytest.mark.parametrize("kind", sorted(ADVERTS))
def test_an_advert_of_this_kind_is_found_nearly_whole_and_the_talk_is_kept(kind: str) -> None:
    advert = [line.strip() for line in ADVERTS[kind].splitlines()]
    sentences = spoken(conversation(40), advert, conversation(40, 40))
    spans = find_spans(sentences, "en")
    inside = {s.text for s in sentences for span in spans if span.start <= s.start < span.end}
    assert inside <= set(advert)
    assert sum(len(text.split()) for text in inside) >= 0.8 * sum(len(text.split()) for text in advert)
