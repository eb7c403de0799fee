"""How the portal and the responder are run aboard: by systemd, from their sockets, with almost no right."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pirogue_socle import config
from portail.captif_essai import NGINX, attendre, commande, rendre_role
from reseau.rendu import ROLES, rendre

#: systemd's own measure, in tenths: how much harm a service could do (a service left as it comes: 92).
SEUILS = {"pirogue-portail.service": 15, "pirogue-captif.service": 10, "pirogue-certificat.service": 20}


@pytest.fixture(scope="module")
def role(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The role's files, as the device has them."""
    dossier = tmp_path_factory.mktemp("role")
    rendre(
        dossier, "portail", reglages={"portail_nom_public": "bateau1.exemple.bj", "portail_rive_url": "https://rive"}
    )
    return dossier


@pytest.mark.parametrize(("unite", "seuil"), SEUILS.items())
def test_a_service_of_the_portal_could_do_almost_no_harm(role: Path, unite: str, seuil: int) -> None:
    """`systemd-analyze security`, without a running systemd: the measure stays under our threshold."""
    fichier = role / "etc/systemd/system" / unite
    mesure = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={seuil}", str(fichier)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert "Overall exposure level" in mesure.stdout
    assert mesure.returncode == 0, mesure.stdout.splitlines()[-1]


def test_the_responder_has_no_network_and_sees_no_data(role: Path) -> None:
    """It speaks to two local sockets; the register and the keys are not there for it."""
    lignes = (role / "etc/systemd/system/pirogue-captif.service").read_text(encoding="utf-8").splitlines()

    assert {
        "PrivateNetwork=yes",
        "RestrictAddressFamilies=AF_UNIX",
        "InaccessiblePaths=-/data/pirogue",
        "User=pirogue-captif",
    } <= set(lignes)


def test_systemd_reads_the_units_without_a_complaint(role: Path, tmp_path: Path) -> None:
    """No misspelt setting: a setting that systemd does not know protects nothing."""
    unites = tmp_path / "etc/systemd/system"
    shutil.copytree(role / "etc/systemd/system", unites)
    programme = tmp_path / "opt/pirogue/bin/pirogue"
    programme.parent.mkdir(parents=True)
    programme.write_text("#!/bin/sh\n", encoding="ascii")
    programme.chmod(0o755)
    for unite in unites.glob("pirogue-*"):
        texte = unite.read_text(encoding="utf-8").replace("/opt/pirogue/bin/pirogue", str(programme))
        unite.write_text(texte, encoding="utf-8")
    vu = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, sorted(unites.glob("pirogue-*")))],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{unites}:"},
    )

    assert [ligne for ligne in vu.stderr.splitlines() if "pirogue-" in ligne] == []


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
    chemins = {
        mot.strip(";")
        for ligne in texte.splitlines()
        for mot in ligne.split()
        if "/" in mot.strip(";/") and "//" not in mot
    }

    assert "access_log off;" in texte
    assert "error_log stderr error;" in texte
    assert {un for un in chemins if un.startswith("/") and not un.startswith("/run/")} <= {"/.bienvenue"}


def test_laying_the_role_down_twice_changes_nothing(tmp_path: Path) -> None:
    """The real Ansible, into a folder that stands for an image: the second time there is nothing to do."""
    (tmp_path / "jeu.yml").write_text(
        f"- hosts: localhost\n  connection: local\n  gather_facts: false\n  roles: [{ROLES}/portail]\n",
        encoding="utf-8",
    )
    mots = [Path(sys.executable).with_name("ansible-playbook"), "jeu.yml", "-e", f"portail_racine={tmp_path}/arbre"]
    monde = os.environ | {"ANSIBLE_HOME": str(tmp_path / "ansible"), "ANSIBLE_LOCALHOST_WARNING": "0"}
    ecrans = [
        subprocess.run(mots, check=False, capture_output=True, text=True, cwd=tmp_path, env=monde).stdout
        for _ in range(2)
    ]

    assert "failed=0" in ecrans[0], ecrans[0]
    assert "changed=0" not in ecrans[0]
    assert "changed=0 " in ecrans[1], ecrans[1]
    assert (tmp_path / "arbre/etc/systemd/system/sockets.target.wants/pirogue-captif.socket").is_symlink()


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
