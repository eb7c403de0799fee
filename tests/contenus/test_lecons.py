"""Lessons become HTML that is safe to show, in Kolibri and on the portal's own page."""

from html.parser import HTMLParser
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petit_cours import ecrire_cours, remplacer
from pirogue_contenus import lecons, rendu
from pirogue_contenus.catalogue import charger
from pirogue_contenus.sources import CoursInvalide

MORCEAUX = st.sampled_from(
    [
        *("<script>alert(1)</script>", '<img src=x onerror="x">', "<b", "&amp;", "&#60;", "<!--", "-->", "<?php"),
        *("[a](javascript:x)", "![a](x)", "![](../images/filet.svg)", "<javascript:x>", "<a@b.bj>", "[a]: http://x"),
        *("![a](../images/filet.svg)", "**", "*", "`", "```", "\n", "\n\n", "    ", "> ", "- ", "1. ", "| a | b |"),
        *("|---|:-:|", "# ", "Afi", "é", "ɖ ɛ ɔ", "\N{FISH}", "\x02", "\x03", "klzzwxh:0", "\\", "&", '"', "'"),
    ]
)


class Lecteur(HTMLParser):
    """Lists the tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.vus: set[tuple[str, tuple[tuple[str, str | None], ...]]] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one tag."""
        self.vus.add((tag, tuple(attrs)))


def test_the_portal_shows_the_lesson_with_its_own_addresses(tmp_path: Path) -> None:
    """When Kolibri is down the same source is shown, its pictures served from where the portal says."""
    dossier = ecrire_cours(tmp_path)
    lecon = charger(dossier).ressources()[0]

    html = lecons.html(lecon, dossier, prefixe_images="/lecon-locale/images/")

    assert '<img alt="Un filet" src="/lecon-locale/images/filet.svg">' in html
    assert "<h1" not in html


def test_a_blank_between_two_words_in_bold_is_not_lost(tmp_path: Path) -> None:
    """Kolibri drops a text that is only a blank: « **attrape** *les* » must not read « attrapeles »."""
    dossier = ecrire_cours(tmp_path)

    html = lecons.lire("M1/filet.md", dossier).html

    assert "<strong>attrape</strong><em> les</em>" in html


def test_an_exclamation_mark_never_starts_a_line(tmp_path: Path) -> None:
    """French sets a blank before high punctuation; on a narrow screen the sign must stay with its word."""
    dossier = ecrire_cours(tmp_path)
    remplacer(dossier, "M1/filet.md", "Le filet **attrape**", "« Tire ! » Tu vois ? Le filet **attrape**")

    html = lecons.lire("M1/filet.md", dossier).html

    assert "«\N{NO-BREAK SPACE}Tire\N{NO-BREAK SPACE}!\N{NO-BREAK SPACE}»" in html
    assert "vois\N{NO-BREAK SPACE}? Le" in html


def test_html_in_a_lesson_is_shown_and_not_run(tmp_path: Path) -> None:
    """A lesson copied from elsewhere brings no script aboard."""
    dossier = ecrire_cours(tmp_path)
    remplacer(dossier, "M1/filet.md", "Le filet **attrape**", "<script>voler()</script> <b onclick=x>gras</b>")

    html = lecons.lire("M1/filet.md", dossier).html

    assert "<script" not in html
    assert "&lt;script&gt;" in html


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(corps=st.lists(st.one_of(MORCEAUX, st.text(max_size=8)), min_size=1, max_size=14).map("".join))
def test_whatever_is_written_only_safe_html_comes_out(tmp_path: Path, corps: str) -> None:
    """Any text is either refused with a sentence or becomes the few tags that a lesson needs, without style."""
    dossier = ecrire_cours(tmp_path)
    entete = "---\ntitre: Essai\nduree_min: 1\n---\nDébut "
    (dossier / "M1/filet.md").write_text(entete + corps, encoding="utf-8", errors="replace")

    try:
        html = lecons.lire("M1/filet.md", dossier).html
    except CoursInvalide:
        return

    for balise, attributs in Lecteur(html).vus:
        assert balise in rendu.BALISES
        noms = [nom for nom, _ in attributs]
        assert sorted(noms) == (["alt", "src"] if balise == "img" else [])
        assert balise != "img" or dict(attributs)["src"] == "images/filet.svg"
