"""The rules of attendance, written once: the boat's screens and the shore's report both count with them."""

from datetime import timedelta

from pirogue_socle.horloge import depuis_civil, jour_civil

#: Attendance states that count as having come (domain page §3, *taux de présence*).
ETATS_VENUS = ("present", "retard", "parti_avant")

#: A session that lasted longer was left open by mistake: its end is asked for, never guessed. Milliseconds.
SEANCE_MAX_MS = 6 * 60 * 60_000


def placer_heure(heure: str, *, debut_ms: int, fin_ms: int) -> int:
    """
    Return when a civil hour such as `09:20` was, said of a session, in milliseconds since 1970 UTC.

    It is on the civil day that puts it within the session, else nearest to it: a session may go past midnight, and
    07:55 may be said of one that was opened at 08:00.

    Args:
        heure: local civil hour; ValueError if it is not one.
        debut_ms, fin_ms: real start and end of the session, milliseconds since 1970 UTC.
    """
    jour = jour_civil(debut_ms)
    possibles = [depuis_civil(jour + timedelta(days=ecart), heure) for ecart in (0, 1, -1)]
    return min(possibles, key=lambda ms: max(debut_ms - ms, ms - fin_ms, 0))


def fin_retenue(*, debut_ms: int, cloture_ms: int, fin_heure: str | None) -> int:
    """
    Return the end that counts, milliseconds since 1970 UTC: the hour that the trainer said, else when she closed.

    Args:
        debut_ms, cloture_ms: when the session was opened and closed, same unit.
        fin_heure: local civil hour of its end, as she said it when she had left it open.
    """
    if fin_heure is None:
        return cloture_ms
    return min(max(placer_heure(fin_heure, debut_ms=debut_ms, fin_ms=cloture_ms), debut_ms), cloture_ms)


def minutes_retenues(
    etat: str, *, debut_ms: int, fin_ms: int, arrivee_ms: int | None = None, depart_ms: int | None = None
) -> int:
    """
    Return the minutes of a session that count for one trainee.

    max(0, min(departure or end, end) - max(arrival or start, start)); 0 for anyone who did not come. Arrival and
    departure are only looked at where the state says so: a sign-in two minutes late is not a late arrival.

    Args:
        etat: a code of the list `presence`.
        debut_ms, fin_ms: real start and end of the session, milliseconds since 1970 UTC.
        arrivee_ms, depart_ms: same unit, when known.
    """
    if etat not in ETATS_VENUS:
        return 0
    debut = max(arrivee_ms, debut_ms) if etat == "retard" and arrivee_ms is not None else debut_ms
    fin = min(depart_ms, fin_ms) if etat == "parti_avant" and depart_ms is not None else fin_ms
    return max(0, fin - debut) // 60_000


def tranche_age(age: int | None) -> str:
    """Return the age-band code (list `tranche_age`) of an age in years at enrolment; None gives `nc`."""
    if age is None:
        return "nc"
    for limite, code in ((15, "10_14"), (18, "15_17"), (25, "18_24"), (36, "25_35")):
        if age < limite:
            return code
    return "36_plus"
