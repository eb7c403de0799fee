"""A whole day aboard, in real browsers, with the real Kolibri, a stick and the shore. Every step is photographed."""

import re
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Locator, Page, expect

from embarcadere import PORTABLE, RACINE, TELEPHONE, Album, Demo, chromium, demo, redemarrer_plus_tard

CODE = "135790"
SECRET = "barque tambour citron nuage bleu"
EQUIPAGE = ("Afi", "Koffi")
#: What the shore must show of this day: S01 whole (7 lessons, a quiz) for two; Afi and Sèna, Koffi and Jules.
ATTENDUES = {"séance tenue": "1", "filles": "2", "garçons": "2", "leçons finies": "14", "quiz finis": "2"}
FINI = "Bravo, c’est fini"


def bonnes_reponses(module: str) -> dict[str, str]:
    """Return question → right choice of a module's quiz, in order, from the course's own source."""
    texte = (RACINE / "contenus" / "parcours" / module / "quiz.yml").read_text(encoding="utf-8")
    return {
        question["question"]: choix["texte"]
        for question in yaml.safe_load(texte)["questions"]
        for choix in question["choix"]
        if choix.get("juste")
    }


def nouvelle_page(navigateur: Browser, taille: dict[str, int]) -> Page:
    """Open a window of its own, as another person's machine."""
    page = navigateur.new_context(viewport=taille, locale="fr-FR").new_page()  # type: ignore[arg-type]
    page.set_default_timeout(15_000)
    return page


def entrer_formatrice(page: Page, bord: Demo, album: Album) -> None:
    """Rachelle's first morning: one-time code, her own code, the date."""
    page.goto(f"{bord.portail}/formateur/")
    page.get_by_role("link", name="Rachelle").click()
    page.fill("#pin", bord.code)
    album.photo(page, "formatrice-code")
    page.get_by_role("button", name="J'entre").click()
    page.fill("#pin", CODE)
    page.fill("#encore", CODE)
    page.get_by_role("button", name="C'est mon code").click()
    expect(page.locator("h1")).to_contain_text("C'est juste")
    album.photo(page, "formatrice-date")
    page.get_by_role("button", name="Oui").click()
    album.photo(page, "formatrice-aujourdhui")


def ouvrir_seance(page: Page, album: Album) -> None:
    """Eleven laptops, module S01."""
    page.get_by_role("link", name="Ouvrir une séance").click()
    page.locator("label:has(input[name=postes][value='11'])").click()
    page.locator("label:has(input[name=module][value='S01'])").click()
    album.photo(page, "formatrice-ouvrir")
    page.get_by_role("button", name="Ouvrir").click()
    expect(page.locator("h1")).to_contain_text("Appel")


def embarquer(page: Page, bord: Demo, prenom: str, album: Album) -> None:
    """Tile, three pictures, « C'est toi ? »."""
    album.photo(page, f"{prenom}-qui")
    page.get_by_role("button", name=prenom).click()
    album.photo(page, f"{prenom}-images")
    for image in bord.images[prenom]:
        page.locator(f"button[value={image}]").click()
    expect(page.locator("h1")).to_contain_text(f"C'est toi, {prenom}")
    album.photo(page, f"{prenom}-toi")
    page.get_by_role("button", name="Oui, c'est moi").click()


def suivre_lecon(page: Page, album: Album, titre: str) -> None:
    """Read an article to its end in Kolibri, come back by our link."""
    page.wait_for_url("**/topics/c/**")
    expect(page.locator("#pirogue-retour")).to_be_visible()
    expect(page.get_by_role("heading", name=titre).first).to_be_visible()
    album.photo(page, "kolibri-lecon")
    fini = page.get_by_role("heading", name=FINI)
    for _ in range(40):
        page.mouse.move(600, 400)
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(150)
        if fini.count():
            break
    expect(fini).to_be_visible()
    revenir(page, album, "kolibri-lecon-finie")


def revenir(page: Page, album: Album, nom: str) -> None:
    """Leave Kolibri by the big button of its last window, once it has appeared."""
    page.locator(".modal-overlay").evaluate("e => Promise.all(e.getAnimations().map(a => a.finished))")
    album.photo(page, nom)
    page.locator(".modal #pirogue-retour").click()


def faire_quiz(page: Page, album: Album, justes: dict[str, str]) -> None:
    """Answer every question right, submit, come back."""
    page.wait_for_url("**/topics/c/**")
    for rang, (question, juste) in enumerate(justes.items()):
        expect(page.get_by_role("heading", name=f"Question {rang + 1} sur {len(justes)}")).to_be_visible()
        expect(page.locator(".framework-perseus")).to_contain_text(question)
        options = page.locator("fieldset button")
        expect(options.first).to_be_visible()
        if rang == 0:
            album.photo(page, "kolibri-quiz")
        options.filter(has_text=juste).click()
        if rang + 1 < len(justes):
            page.get_by_role("button", name="Suivant").click()
    page.get_by_role("button", name="J’ai fini le quiz").click()
    page.locator("#modal-window").get_by_role("button", name="J’ai fini le quiz").click()
    expect(page.get_by_role("heading", name=FINI)).to_be_visible()
    revenir(page, album, "kolibri-quiz-fini")


def faire_module(page: Page, album: Album) -> int:
    """Follow the lit step until none is left: coming back from Kolibri, the next one is one tap away."""
    page.get_by_role("link", name="C'est parti").click()
    album.photo(page, "module")
    total = page.locator(".etapes .ligne").count()
    for _ in range(total):
        ici = page.locator(".ligne.ici")
        titre = ici.locator(".titre").inner_text()
        expect(ici.get_by_role("button")).to_be_in_viewport()
        ici.get_by_role("button").click()
        if titre.startswith("Quiz"):
            faire_quiz(page, album, bonnes_reponses("S01"))
        else:
            suivre_lecon(page, album, titre)
        expect(page.locator("h1")).to_contain_text("Je découvre")
        expect(page.locator(".ligne", has_text=titre)).to_have_class(re.compile("faite"))
    album.photo(page, "module-fini")
    return total


def lire_reponses(page: Page, album: Album) -> None:
    """After the quiz, the answers and their kind sentences; then back to the path."""
    page.get_by_role("link", name="Les réponses").first.click()
    expect(page.locator("h1")).to_have_text("Les réponses")
    expect(page.locator(".reponse")).to_have_count(len(bonnes_reponses("S01")))
    expect(page.locator(".message")).to_contain_text("Tout est juste")
    page.locator("summary", has_text="Et les autres").first.click()
    album.photo(page, "reponses")
    page.get_by_role("link", name="Mon chemin").click()


def accompagner(page: Page, bord: Demo, album: Album) -> None:
    """Rachelle reads her notes, goes to Kolibri as a coach, and comes back to her session."""
    page.goto(f"{bord.portail}/formateur/aujourdhui")
    page.get_by_role("link", name="Mes notes").click()
    expect(page.locator(".notes")).to_contain_text("Corrigé")
    album.photo(page, "formatrice-notes")
    page.get_by_role("link", name="Aujourd'hui").click()
    page.get_by_role("button", name="Ouvrir Kolibri").click()
    page.wait_for_url(re.compile(re.escape(bord.kolibri) + "/fr-fr/coach/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("4e A")
    expect(page.locator("body")).to_contain_text("Rachelle")
    page.get_by_role("link", name="Apprenants").first.click()
    for prenom in (*EQUIPAGE, "Jules"):
        expect(page.get_by_role("link", name=prenom).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    album.photo(page, "kolibri-formatrice")
    page.get_by_role("link", name="← Ma séance").click()
    page.wait_for_url(f"{bord.portail}/formateur/**")
    expect(page.locator("h1")).to_contain_text("Aujourd'hui")


def ligne(page: Page, prenom: str) -> Locator:
    """Return the roll's line of one person."""
    return page.locator("ol.appel > li", has=page.locator(".nom", has_text=prenom))


def appeler(page: Page, album: Album) -> None:
    """The roll: Afi and Koffi are there from their sign-in; Jules late at a given time; the others absent; heads."""
    page.reload()
    expect(ligne(page, "Afi")).to_have_class(re.compile("present"))
    expect(ligne(page, "Koffi")).to_have_class(re.compile("present"))
    album.photo(page, "appel-prerempli")
    ligne(page, "Jules").get_by_role("link", name=re.compile("Heure")).click()
    album.photo(page, "appel-heure")
    page.get_by_role("button", name="En retard").click()
    expect(ligne(page, "Jules")).to_have_class(re.compile("retard"))
    page.get_by_role("button", name="Tous absents").click()
    expect(page.locator("#tetes")).to_contain_text("Compte les têtes : 3")
    page.get_by_role("button", name="Oui, 3").click()
    expect(page.locator("#tetes")).to_contain_text("3 têtes comptées")
    album.photo(page, "appel-fait")


def corriger(page: Page, album: Album) -> None:
    """After closing: Sèna was there, arrived after the roll."""
    ligne(page, "Sèna").get_by_role("link").click()
    page.locator("label:has(input[name=nouveau][value=present])").click()
    page.locator("label:has(input[name=motif][value=arrive_apres_appel])").click()
    album.photo(page, "correction")
    page.get_by_role("button", name="Corriger").click()
    expect(page.locator(".traces")).to_contain_text("Rachelle")
    album.photo(page, "correction-faite")


def puce(page: Page, bord: Demo) -> str:
    """Return the words of the chip, on a fresh page."""
    page.goto(f"{bord.portail}/formateur/aujourdhui")
    return page.locator(".puce").inner_text().split("\n")[-1].strip()


@pytest.mark.timeout(420)
def test_a_whole_day_from_the_first_code_to_the_green_chip(tmp_path: Path) -> None:
    """Rachelle opens, Afi and Koffi learn as a pair, the roll is called, the stick goes ashore and comes back."""
    album = Album("journee")
    cle = tmp_path / "cle"
    cle.mkdir()
    with demo(tmp_path) as bord, chromium() as navigateur:
        formatrice = nouvelle_page(navigateur, PORTABLE)
        entrer_formatrice(formatrice, bord, album)
        ouvrir_seance(formatrice, album)

        portable = nouvelle_page(navigateur, PORTABLE)
        portable.goto(bord.portail)
        album.photo(portable, "bienvenue")
        portable.get_by_role("link", name="Je commence").click()
        embarquer(portable, bord, "Afi", album)
        album.photo(portable, "deux")
        portable.get_by_role("button", name="Oui, nous sommes deux").click()
        embarquer(portable, bord, "Koffi", album)
        expect(portable.locator(".qui")).to_have_text("Afi + Koffi")
        album.photo(portable, "chemin")
        faites = faire_module(portable, album)
        assert faites >= 2
        lire_reponses(portable, album)
        expect(portable.locator("h1")).to_have_text("Mon chemin")
        expect(portable.locator("li.pierre").first).to_have_class(re.compile("faite"))
        album.photo(portable, "chemin-une-pierre")

        portable.get_by_role("button", name="J'ai fini").click()
        expect(portable.locator("h1")).to_contain_text("Bienvenue")
        album.photo(portable, "au-suivant")
        portable.goto(f"{bord.kolibri}/fr-fr/learn/")
        expect(portable.locator("#pirogue-retour")).to_be_visible()
        portable.wait_for_load_state("networkidle")
        expect(portable.locator("body")).not_to_contain_text("Afi")
        album.photo(portable, "kolibri-au-suivant")
        portable.goto(f"{bord.portail}/chemin")
        expect(portable.locator("body")).not_to_contain_text("Afi")

        appel = formatrice.url
        accompagner(formatrice, bord, album)
        redemarrer_plus_tard(bord, secondes=110 * 60)
        formatrice.goto(appel)
        formatrice.fill("#pin", CODE)
        album.photo(formatrice, "formatrice-te-revoila")
        formatrice.get_by_role("button", name="J'entre").click()
        expect(formatrice.locator("h1")).to_contain_text("Appel")
        appeler(formatrice, album)
        formatrice.get_by_role("button", name="Clôturer la séance").click()
        expect(formatrice.locator("h1")).to_contain_text("Bilan")
        album.photo(formatrice, "bilan")
        corriger(formatrice, album)
        heures = re.search(r"(\d+,\d)\s*heures-jeunes", formatrice.locator(".chiffres").inner_text())
        assert heures is not None
        assert puce(formatrice, bord) == "À bord seulement"

        bord.pirogue("sync", "cle", str(cle))
        assert puce(formatrice, bord) == "Sur la clé"
        album.photo(formatrice, "puce-sur-la-cle")
        bord.pirogue("rive", "cle", str(cle))
        assert puce(formatrice, bord) == "Sur la clé"
        dit = bord.pirogue("sync", "cle", str(cle))
        assert "Confirmé à terre" in dit
        assert puce(formatrice, bord) == "Confirmé à terre ✓"
        album.photo(formatrice, "puce-confirmee")

        rive = nouvelle_page(navigateur, PORTABLE)
        entrer_a_terre(rive, bord, album)
        album.photo(rive, "rive")
        vu = rive.locator("body").inner_text()
        assert "Pirogue 1" in vu
        for nom in ("Afi", "Dossou", "Koffi", "Hounsou", "Sèna", "Zinsou"):
            assert nom not in vu
        figures = lire_rive(rive)
        assert figures["heures-jeunes"] == heures.group(1)
        assert (
            5.4 <= float(heures.group(1).replace(",", ".")) <= 6.0
        )  # three present for 110 minutes, one late at the end
        assert {nom: figures[nom] for nom in ATTENDUES} == ATTENDUES

        bord.pirogue("sync", "4g")
        rive.reload()
        assert lire_rive(rive) == figures
        telephone = nouvelle_page(navigateur, TELEPHONE)
        telephone.goto(bord.portail)
        album.photo(telephone, "bienvenue-telephone")

        porter_par_telephone(navigateur, formatrice, bord, album, dossier=tmp_path)
        rive.get_by_role("link", name="Pirogue 1").first.click()
        expect(rive.locator("h1")).to_contain_text("Pirogue 1")
        album.photo(rive, "rive-relais")


def entrer_a_terre(page: Page, bord: Demo, album: Album) -> None:
    """Estelle's first morning: one-time password, her own, the figures."""
    page.goto(bord.rive)
    album.photo(page, "rive-entree")
    page.get_by_label("Ton nom").fill("Estelle")
    page.get_by_label("Ton mot de passe").fill(bord.secret)
    page.get_by_role("button", name="Entrer").click()
    page.get_by_label("Mot de passe actuel").fill(bord.secret)
    page.get_by_label("Nouveau mot de passe").fill(SECRET)
    page.get_by_label("Encore une fois").fill(SECRET)
    page.get_by_role("button", name="Garder ce mot de passe").click()
    page.goto(bord.rive)


def porter_par_telephone(navigateur: Browser, formatrice: Page, bord: Demo, album: Album, *, dossier: Path) -> None:
    """One correction more, without a stick or a network aboard: Rachelle's phone carries it, and the answer back."""
    formatrice.goto(f"{bord.portail}/formateur/aujourdhui")
    formatrice.goto(f"{bord.portail}/formateur/donnees")
    expect(formatrice.locator("ul.seances li")).to_have_count(1)
    album.photo(formatrice, "donnees")
    formatrice.locator("ul.seances a").first.click()
    ligne(formatrice, "Jules").get_by_role("link").click()
    formatrice.locator("label:has(input[name=nouveau][value=excuse])").click()
    formatrice.locator("label:has(input[name=motif][value=erreur_saisie])").click()
    formatrice.get_by_role("button", name="Corriger").click()
    assert puce(formatrice, bord) == "À bord seulement"

    formatrice.goto(f"{bord.portail}/formateur/courrier")
    prendre = formatrice.get_by_role("link", name="Prendre le fichier")
    expect(prendre).to_be_visible()
    album.photo(formatrice, "courrier")
    with formatrice.expect_download() as pris:
        prendre.click()
    pris.value.save_as(dossier / "bateau.lots")
    assert puce(formatrice, bord) == "Dans un téléphone"

    telephone = nouvelle_page(navigateur, TELEPHONE)
    telephone.goto(f"{bord.rive}/courrier")
    telephone.get_by_label("Le fichier du bateau").set_input_files(dossier / "bateau.lots")
    telephone.get_by_role("button", name="Donner ce fichier").click()
    expect(telephone.locator(".grand-mot")).to_contain_text("reçu")
    album.photo(telephone, "rive-courrier")
    with telephone.expect_download() as rendu:
        telephone.get_by_role("button", name="Prendre la réponse").click()
    rendu.value.save_as(dossier / "reponse.lots")

    formatrice.goto(f"{bord.portail}/formateur/courrier")
    formatrice.locator("#reponse").set_input_files(dossier / "reponse.lots")
    formatrice.get_by_role("button", name="Donner la réponse").click()
    expect(formatrice.locator(".message.succes")).to_contain_text("Confirmé à terre")
    album.photo(formatrice, "courrier-ouvert")
    assert puce(formatrice, bord) == "Confirmé à terre ✓"


def lire_rive(page: Page) -> dict[str, str]:
    """Return label → figure of the boat's own part of the shore's page."""
    cases = page.locator("article dl.chiffres > div").all()
    return {case.locator("dt").inner_text().strip(): case.locator("dd").inner_text().strip() for case in cases}
