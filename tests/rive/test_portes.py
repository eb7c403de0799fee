"""The door: what answers without an account, how a session lives and ends, whose forms are taken."""

import re
from dataclasses import replace

import pytest

from pirogue_rive import comptes, garde
from pirogue_rive.app import creer_app
from pirogue_socle.horloge import maintenant
from rive.terre import MOT_DE_PASSE, Terre, sceller, texte
from sync.quai import vivre_une_journee

#: What answers to who has no account. All the rest is closed.
OUVERTES = {
    ("GET", "/entree"),
    ("POST", "/entree"),
    ("GET", "/static/<path:filename>"),
    ("POST", "/v1/lots"),
    ("POST", "/v1/demandes"),
    ("GET", "/v1/carte"),
    ("GET", "/v1/salut"),
    ("GET", "/v1/relais/<relais>/descente"),
    ("GET", "/v1/maj"),
    ("GET", "/v1/maj/<sha256>"),
    ("GET", "/courrier"),
    ("POST", "/courrier"),
    ("POST", "/courrier/reponse"),
}


def routes(terre: Terre) -> list[tuple[str, str, str]]:
    """Return (method, rule, an address of it) of every route."""
    return [
        (methode, regle.rule, re.sub(r"<[^>]+>", "rive.css" if regle.endpoint == "static" else "x", regle.rule))
        for regle in terre.app.url_map.iter_rules()
        for methode in sorted((regle.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_page_is_closed_to_who_has_no_account(terre: Terre) -> None:
    """A page added tomorrow is closed too, unless somebody writes it in the list above."""
    etranger = terre.app.test_client()
    fermees, ouvertes = [], set()
    for methode, regle, adresse in routes(terre):
        reponse = etranger.open(adresse, method=methode)
        reponse.close()
        vers_la_porte = reponse.status_code == 303 and reponse.location.startswith("/entree")
        if vers_la_porte or (reponse.status_code == 401 and regle != "/entree"):  # there, 401 is the page's own answer
            fermees.append(adresse)
        else:
            ouvertes.add((methode, regle))

    assert ouvertes == OUVERTES
    assert len(fermees) > 15


def test_what_answers_without_an_account_tells_nothing_of_a_relay(terre: Terre) -> None:
    """Open addresses give a greeting, a card, a form: no figure, no relay's name, no person's."""
    vivre_une_journee(terre.quai.bord)
    for lot in sceller(terre.quai):
        terre.app.test_client().post("/v1/lots", data=lot)
    etranger = terre.app.test_client()
    dits = "".join(
        etranger.open(adresse, method=methode).get_data(as_text=True)
        for methode, regle, adresse in routes(terre)
        if (methode, regle) in OUVERTES and not regle.startswith("/static/")
    )

    assert "Rive de Sô-Ava" in dits
    for secret in ("Pirogue 1", terre.relais, "Koffi", "Dossou", "4e A"):
        assert secret not in dits


@pytest.mark.parametrize("role", sorted(comptes.DROITS))
def test_a_role_opens_its_pages_and_no_other(terre: Terre, role: str) -> None:
    """The table of rights is what the pages obey."""
    client = terre.entrer(role)
    sensibles = {"/noms": "noms", "/effacer": "effacer", "/comptes": "comptes", "/accueillir": "accueillir"}
    sensibles |= {"/": "consulter", "/gestes": "regarder", "/courrier/passages": "courrier"}
    ouvertes = {adresse for adresse in sensibles if client.get(adresse).status_code == 200}

    assert ouvertes == {adresse for adresse, droit in sensibles.items() if droit in comptes.DROITS[role]}
    assert client.get("/mises-de-cote").status_code == 200


def test_who_only_reads_cannot_change_anything(terre: Terre) -> None:
    """Every address that changes something refuses the role that consults, except for her own password and leaving."""
    client = terre.entrer("consultation")
    libres = {"/sortie", "/mot-de-passe", *(regle for methode, regle in OUVERTES if methode == "POST")}
    statuts = {
        regle: client.post(adresse).status_code
        for methode, regle, adresse in routes(terre)
        if methode == "POST" and regle not in libres
    }

    assert len(statuts) >= 9
    assert set(statuts.values()) == {403}


def test_the_first_password_opens_only_the_page_where_it_is_changed(terre: Terre) -> None:
    """A password said over the telephone is good for one thing."""
    _, premier = comptes.creer(terre.rive, nom="Estelle", role="coordination", instant=maintenant())
    client = terre.app.test_client()
    client.post("/entree", data={"nom": "estelle ", "mot_de_passe": premier})
    ailleurs = [client.get(adresse).location for adresse in ("/", "/noms", "/effacer")]
    courts = client.post("/mot-de-passe", data={"ancien": premier, "nouveau": "court", "encore": "court"})
    refus = texte(client.get("/mot-de-passe"))
    client.post("/mot-de-passe", data={"ancien": premier, "nouveau": MOT_DE_PASSE, "encore": MOT_DE_PASSE})

    assert re.fullmatch(r"[a-z]+(-[a-z]+){3}", premier)
    assert ailleurs == ["/mot-de-passe"] * 3
    assert courts.status_code == 303
    assert "trop court" in refus
    assert client.get("/").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(terre: Terre) -> None:
    """HttpOnly, SameSite=Strict; Secure as soon as the person came by TLS, which nginx says."""
    compte, premier = comptes.creer(terre.rive, nom="Estelle", role="coordination", instant=maintenant())
    saisie = {"nom": compte.nom, "mot_de_passe": premier}
    clair = terre.app.test_client().post("/entree", data=saisie)
    app = creer_app(terre.quai.config, mandataires=1)
    tls = app.test_client().post("/entree", data=saisie, headers={"X-Forwarded-Proto": "https"})
    menteur = terre.app.test_client().post("/entree", data=saisie, headers={"X-Forwarded-Proto": "https"})
    app.extensions["rive"].moteur.dispose()

    assert "HttpOnly" in clair.headers["Set-Cookie"]
    assert "SameSite=Strict" in clair.headers["Set-Cookie"]
    assert "Secure" in tls.headers["Set-Cookie"]
    assert "Secure" not in menteur.headers["Set-Cookie"]


def test_a_session_ends_by_itself_by_leaving_and_with_the_account(
    terre: Terre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an hour without a touch, « Sortir », a closed account, another password: the next page is the door."""
    oisive = terre.entrer(nom="Oisive")
    ferme = terre.entrer(nom="Ferme")
    change = terre.entrer(nom="Change")
    partie = terre.entrer(nom="Partie")
    partie.post("/sortie")
    comptes.fermer(terre.rive, compte_id=comptes.nomme(terre.rive, "Ferme").compte_id, instant=maintenant())
    comptes.reinitialiser(terre.rive, compte_id=comptes.nomme(terre.rive, "Change").compte_id, instant=maintenant())
    vivante = oisive.get("/").status_code
    plus_tard = replace(maintenant(), bt_ns=maintenant().bt_ns + garde.REPOS_NS)
    finies = [client.get("/").status_code for client in (ferme, change, partie)]
    monkeypatch.setattr(garde, "maintenant", lambda: plus_tard)

    assert vivante == 200
    assert finies == [303, 303, 303]
    assert oisive.get("/").status_code == 303


def test_a_form_from_another_site_is_refused(terre: Terre) -> None:
    """Even with Estelle's cookie: a page elsewhere cannot make her browser revoke a boat."""
    client = terre.entrer()
    ailleurs = client.post("/sortie", headers={"Origin": "https://ailleurs.example"})
    voisin = client.post("/sortie", headers={"Referer": "http://localhost:9999/"})

    assert [ailleurs.status_code, voisin.status_code] == [403, 403]
    assert client.get("/").status_code == 200
    assert client.post("/sortie", headers={"Origin": "http://localhost"}).status_code == 303


def test_login_leads_to_a_page_of_ours_only(terre: Terre) -> None:
    """An address sent by mail cannot take who comes in elsewhere."""
    comptes.creer(terre.rive, nom="Estelle", role="coordination", instant=maintenant())

    assert garde.suite_sure("/relais/x?y=1") == "/relais/x?y=1"
    for piege in ("https://ailleurs.example", "//ailleurs.example", "/\\ailleurs.example", "", None, "/\nx"):
        assert garde.suite_sure(piege) == "/"


def test_the_browser_is_told_to_run_nothing_and_to_keep_nothing(terre: Terre) -> None:
    """No script at all; forms go to us; no page stays in a cache."""
    entetes = terre.entrer().get("/").headers

    assert "script-src" not in entetes["Content-Security-Policy"]
    assert "default-src 'none'" in entetes["Content-Security-Policy"]
    assert "form-action 'self'" in entetes["Content-Security-Policy"]
    assert entetes["Cache-Control"] == "no-store"
    assert len(entetes.getlist("Content-Security-Policy")) == 1
