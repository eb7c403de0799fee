"""How the portal and the responder are run aboard: by systemd, from their sockets, with almost no right."""

import socket
import subprocess
from pathlib import Path

import pytest

from pirogue_socle import config
from portail.captif_essai import NGINX, attendre, commande, rendre_role
from reseau.rendu import rendre


@pytest.fixture(scope="module")
def role(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The role's files, as the device has them."""
    dossier = tmp_path_factory.mktemp("role")
    rendre(
        dossier, "portail", reglages={"portail_nom_public": "bateau1.exemple.bj", "portail_rive_url": "https://rive"}
    )
    return dossier


def test_the_responder_has_no_network_and_sees_no_data(role: Path) -> None:
    """It speaks to two local sockets; the register and the keys are not there for it."""
    lignes = (role / "etc/systemd/system/pirogue-captif.service").read_text(encoding="utf-8").splitlines()

    assert {
        "PrivateNetwork=yes",
        "RestrictAddressFamilies=AF_UNIX",
        "InaccessiblePaths=-/data/pirogue",
        "User=pirogue-captif",
    } <= set(lignes)


def test_the_boxs_configuration_is_read_whole(role: Path) -> None:
    """What the installation writes is what the programs know."""
    lu = config.lire(role / "etc/pirogue/pirogue.toml")

    assert lu.portail_hotes == ("pirogue.internal", "10.10.10.10")
    assert lu.nom_public == "bateau1.exemple.bj"
    assert lu.certificat == Path("/data/pirogue/certificat/boite.pem")
    assert lu.rive_url == "https://rive"
    assert lu.prises == Path("/run/pirogue")


def test_the_front_servers_file_is_believed_by_the_front_server(tmp_path: Path) -> None:
    """`nginx -t`, and nothing of it lies on a disk."""
    rendre_role(tmp_path, 8123)
    essai = subprocess.run(
        [NGINX, "-t", "-q", "-e", "stderr", "-c", str(tmp_path / "etc/nginx/nginx.conf")],
        check=False,
        capture_output=True,
        text=True,
    )

    assert essai.returncode == 0, essai.stderr
    assert essai.stderr == ""


def test_nothing_of_the_front_server_lies_on_a_disk(role: Path) -> None:
    """Bodies, numbers, sockets: all below /run; no journal of visits."""
    texte = (role / "etc/nginx/nginx.conf").read_text(encoding="utf-8")
    mots = [ligne.split() for ligne in texte.replace(";", " ").splitlines() if ligne.strip()]
    ecrits = {m[0]: m[1] for m in mots if m[0].endswith(("_temp_path", "_cache_path")) or m[0] in ("pid", "access_log")}

    assert ecrits.pop("access_log") == "off"
    assert "error_log stderr error;" in texte
    assert {"pid", "client_body_temp_path", "proxy_temp_path", "proxy_cache_path"} <= ecrits.keys()
    assert [nom for nom, chemin in ecrits.items() if not chemin.startswith("/run/")] == []


def test_the_responder_answers_at_the_socket_that_systemd_hands_over(tmp_path: Path) -> None:
    """Socket activation, and «ready» is told: nginx never finds a closed door at the start."""
    rendre_role(tmp_path, 8123)
    prise, annonce = tmp_path / "captif.sock", tmp_path / "annonce.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(annonce))
        systemd.settimeout(30)
        voulu = commande(tmp_path, "portail", "captif")
        mots = [
            "systemd-socket-activate",
            "-l",
            str(prise),
            "-E",
            "PIROGUE_CONFIG",
            "-E",
            "NOTIFY_SOCKET",
            *voulu["args"],
        ]
        service = subprocess.Popen(mots, env=voulu["env"] | {"NOTIFY_SOCKET": str(annonce)}, stderr=subprocess.DEVNULL)
        try:
            with socket.socket(socket.AF_UNIX) as lien:
                lien.settimeout(30)
                attendre(lambda: lien.connect_ex(str(prise)) == 0)
                lien.sendall(b"GET /generate_204 HTTP/1.0\r\nHost: www.gstatic.com\r\n\r\n")
                recu = lien.recv(4096)
            dit = systemd.recv(4096)
        finally:
            service.terminate()
            service.wait(20)

    assert recu.startswith(b"HTTP/1.0 302 Found")
    assert b"READY=1" in dit
    assert not (tmp_path / "prises" / "captif.sock").exists()
