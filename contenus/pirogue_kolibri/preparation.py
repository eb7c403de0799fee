"""
The part of the preparation that needs Kolibri: one process, run by `pirogue_contenus.kolibri_boite`.

Every step looks first and writes only what differs, so that running it again, or after a power cut, ends in the
same state. It reads its orders as JSON on standard input and tells its steps on standard output, one line each,
after `ETAPE`.
"""

import ctypes
import json
import signal
import sys
from pathlib import Path
from typing import Any

import kolibri

from pirogue_kolibri import francais

ETAPE = "PIROGUE "
PR_SET_PDEATHSIG = 1

#: What a youth may not do by herself: the portal owns names, passwords and accounts.
ETABLISSEMENT = {
    "learner_can_edit_username": False,
    "learner_can_edit_name": False,
    "learner_can_edit_password": False,
    "learner_can_sign_up": False,
    "learner_can_delete_account": False,
    "learner_can_login_with_no_password": False,
    "show_download_button_in_learn": False,
    "enable_mark_attendance": False,
    "picture_password_settings": None,
}
APPAREIL = {
    "language_id": "fr-fr",
    "landing_page": "sign-in",
    "allow_guest_access": False,
    "allow_peer_unlisted_channel_import": False,
    "allow_learner_unassigned_resource_access": True,
    "allow_learner_download_resources": False,
    "allow_other_browsers_to_connect": True,
}


def main() -> None:
    """Prepare the KOLIBRI_HOME of the environment as ordered on standard input; die with whoever ordered it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    ordres: dict[str, Any] = json.load(sys.stdin)
    dire("messages en français")
    from kolibri.utils.conf import KOLIBRI_HOME

    francais.ecrire(Path(kolibri.__file__).parent / "locale", Path(KOLIBRI_HOME) / "pirogue_langue")
    dire("base de données")
    from kolibri.utils.main import initialize

    initialize()
    if ordres["nom"] is not None:
        dire("réglages")
        regler(ordres["nom"], ordres["admin"], ordres["mot_de_passe"])
    for canal in ordres["canaux"]:
        dire(f"leçons, version {canal['version']}")
        importer(canal["id"], canal["version"])
    if ordres["nom"] is None:
        oublier_machine()


def dire(etape: str) -> None:
    """Tell the step that begins."""
    sys.stdout.write(f"{ETAPE}{etape}\n")
    sys.stdout.flush()


def regler(nom: str, admin: str, mot_de_passe: str) -> None:
    """Provision the device once, then bring every setting and the administrator to what they must be."""
    from django.db import transaction
    from kolibri.core.auth.models import Facility, FacilityUser
    from kolibri.core.device.models import DevicePermissions
    from kolibri.core.device.utils import (
        create_facility,
        device_provisioned,
        provision_device,
        set_device_settings,
    )

    with transaction.atomic():
        facility = Facility.get_default_facility() or create_facility(facility_name=nom, preset="formal")
        _corriger(facility, {"name": nom})
        _corriger(facility.dataset, ETABLISSEMENT)
        if not device_provisioned():
            provision_device(device_name=nom, default_facility=facility, **APPAREIL)
        set_device_settings(name=nom, default_facility=facility, **APPAREIL)
        utilisateur = FacilityUser.objects.filter(username=admin, facility=facility).first()
        if utilisateur is None:
            FacilityUser.objects.create_superuser(admin, mot_de_passe, facility=facility)
        elif not utilisateur.check_password(mot_de_passe):
            utilisateur.set_password(mot_de_passe)
            utilisateur.save()
        if not DevicePermissions.objects.filter(user__username=admin, is_superuser=True).exists():
            raise RuntimeError(f"no superuser {admin}")


def oublier_machine() -> None:
    """Take out of the databases what says which machine made them: the box that gets a copy draws its own."""
    from django.db import connections
    from morango.models import DatabaseIDModel, InstanceIDModel

    InstanceIDModel.objects.all().delete()
    DatabaseIDModel.objects.all().delete()
    for lien in connections.all():
        with lien.cursor() as curseur:
            curseur.execute("PRAGMA journal_mode = DELETE")
            curseur.execute("VACUUM")
        lien.close()


def _corriger(objet: Any, voulu: dict[str, Any]) -> None:
    """Save a row if one of its fields is not what it must be."""
    if all(getattr(objet, champ) == valeur for champ, valeur in voulu.items()):
        return
    for champ, valeur in voulu.items():
        setattr(objet, champ, valeur)
    objet.save()


def importer(canal_id: str, version: int) -> None:
    """Import the channel whose files already lie in this home, if newer; then show what is there."""
    from kolibri.core.content.models import ChannelMetadata
    from kolibri.core.content.utils.annotation import set_content_visibility_from_disk
    from kolibri.core.content.utils.channel_import import import_channel_from_local_db

    connu = ChannelMetadata.objects.filter(id=canal_id).first()
    if connu is None or connu.version < version:
        import_channel_from_local_db(canal_id)
    set_content_visibility_from_disk(canal_id)
    importe = ChannelMetadata.objects.get(id=canal_id)
    if importe.version != version or not importe.root.available:
        raise RuntimeError(f"channel {canal_id}: version {importe.version}, available {importe.root.available}")


if __name__ == "__main__":
    main()
