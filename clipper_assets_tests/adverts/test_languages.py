"""Adverts in other languages than English; every brand is invented."""

import pytest

from clipper_assets.adverts.detect import find_spans
from clipper_assets.transcript.words import Sentence
from clipper_assets_tests.adverts.episodes import spoken

TALK = {
    "de": [
        "Damals war der Fluss im Winter noch zugefroren.",
        "Meine Großmutter hat dort Wäsche gewaschen.",
        "Und irgendwann kam der Bahnhof dazu.",
        "Keiner wusste, wer die Brücke bezahlt hatte.",
        "Wir haben drei Tage gebraucht.",
        "Der Bürgermeister stand im Regen und sagte nichts.",
    ],
    "es": [
        "En aquella época el río se congelaba cada invierno.",
        "Mi abuela lavaba la ropa en la orilla.",
        "Nadie sabía quién había pagado el puente.",
        "Tardamos tres días en llegar a la montaña.",
        "El alcalde se quedó bajo la lluvia y no dijo nada.",
        "Luego llegó el tren y cambió todo.",
    ],
    "fr": [
        "À cette époque la rivière gelait chaque hiver.",
        "Ma grand-mère lavait le linge sur la rive.",
        "Personne ne savait qui avait payé le pont.",
        "Nous avons mis trois jours pour arriver.",
        "Le maire est resté sous la pluie sans rien dire.",
        "Ensuite le train est arrivé et tout a changé.",
    ],
    "pt": [
        "Naquela época o rio congelava todo inverno.",
        "Minha avó lavava a roupa na margem.",
        "Ninguém sabia quem tinha pago a ponte.",
        "Levamos três dias para chegar à montanha.",
        "O prefeito ficou na chuva e não disse nada.",
        "Depois veio o trem e mudou tudo.",
    ],
    "it": [
        "A quei tempi il fiume gelava ogni inverno.",
        "Mia nonna lavava i panni sulla riva.",
        "Nessuno sapeva chi avesse pagato il ponte.",
        "Ci abbiamo messo tre giorni per arrivare.",
        "Il sindaco rimase sotto la pioggia in silenzio.",
        "Poi arrivò il treno e cambiò tutto.",
    ],
}
ADVERTS = {
    "de": [
        "Diese Folge wird präsentiert von Filzfuchs.",
        "Die Hausschuhe sind aus drei Lagen Wolle.",
        "Mit dem Code POD bekommst du 20 Prozent Rabatt auf deine erste Bestellung.",
        "Geh einfach auf filzfuchs.de, den Link findest du in den Shownotes.",
    ],
    "es": [
        "Este episodio está patrocinado por Lanalta.",
        "Sus zapatillas llevan tres capas de lana.",
        "Usa el código POD y llévate un 20 por ciento de descuento en tu primera compra.",
        "Entra ya en lanalta.com, tienes el enlace en la descripción.",
    ],
    "fr": [
        "Cet épisode est sponsorisé par Lainelle.",
        "Ses chaussons ont trois couches de laine.",
        "Avec le code POD, vous avez 20 % de réduction sur votre première commande.",
        "Rendez-vous sur lainelle.fr, le lien est dans la description.",
    ],
    "pt": [
        "Este episódio é patrocinado pela Lanela.",
        "As pantufas têm três camadas de lã.",
        "Use o cupom POD e ganhe 20 por cento de desconto na primeira compra.",
        "Acesse agora lanela.com.br, o link está na descrição.",
    ],
    "it": [
        "Questo episodio è sponsorizzato da Lanella.",
        "Le pantofole hanno tre strati di lana.",
        "Con il codice POD hai il 20 per cento di sconto sul primo ordine.",
        "Vai subito su lanella.it, trovi il link in descrizione.",
    ],
}


@pytest.mark.parametrize("language", sorted(TALK))
def test_an_advert_is_found_whole_in_its_language_and_the_talk_is_left(language: str) -> None:
    talk, advert = TALK[language], ADVERTS[language]
    sentences = spoken(talk * 2, advert, talk[::-1] * 2)
    (span,) = find_spans(sentences, language)
    assert [s.text for s in sentences if span.start <= s.start < span.end] == advert
    assert span.kind == "advert"
    assert find_spans(sentences, "xx") == []


def test_text_that_is_said_again_is_found_in_a_language_without_spaces() -> None:
    nouns = "川山庭森海駅橋村町島"
    talk = [f"{nouns[n % 10]}と{nouns[n // 10 % 10]}の{n}番目の話を聞きました。" for n in range(160)]
    advert = [
        "この番組は、株式会社フジサワの提供でお送りします。",
        "フジサワのスリッパは、三層のウールで、できています。",
        "床が冷たい冬でも、足は一日中、暖かいままです。",
        "今なら、初めてのお客様は、二割引きになります。",
        "詳しくは、番組の概要欄のリンクから、ご覧ください。",
    ]
    # `spoken` counts words by their spaces.
    sentences = [
        Sentence(number, text, 4.0 * number, 4.0 * number + 3.5, 0, 0, None)
        for number, text in enumerate([*talk[:70], *advert, *talk[70:110], *advert, *talk[110:]])
    ]
    spans = find_spans(sentences, "ja")
    assert [(span.start, span.end) for span in spans] == [(280.0, 299.5), (460.0, 479.5)]
