"""What may go wrong between the portal and Kolibri."""

from pirogue_socle.erreurs import ErreurPirogue


class KolibriAbsent(ErreurPirogue):
    """Kolibri does not answer."""

    geste = "L'appel et le chemin marchent sans les leçons ; relance Kolibri ou redémarre la boîte."
    code = 50


class KolibriRefuse(ErreurPirogue):
    """Kolibri answered, but refused what we signed: the two keys differ."""

    geste = "Relance la préparation de la boîte : la clé du portail et celle de Kolibri ne sont plus les mêmes."
    code = 51


class KolibriChange(ErreurPirogue):
    """The installed Kolibri no longer keeps progress in the form that we know how to read."""

    geste = "Les leçons marchent ; remets la version de Kolibri prévue pour relire les progrès."
    code = 52


class KolibriNonPret(ErreurPirogue):
    """The preparation of Kolibri could not be finished, or has not been."""

    geste = "Relance la préparation : elle reprend d'elle-même là où elle s'est arrêtée."
    code = 53
