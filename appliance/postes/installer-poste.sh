#!/bin/sh
# Règle un ordinateur de la classe (Debian, Ubuntu) : page d'accueil, rien de gardé entre deux binômes, Wi-Fi.
# Deux fois de suite ne change rien ; --retirer remet tout comme avant. Voir docs/postes.md.
set -eu
umask 022

ICI=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
RACINE=
WIFI=
RETIRER=

# Où chaque navigateur cherche ses règles : « source destination », un par ligne.
FICHIERS='firefox/policies.json etc/firefox-esr/policies/policies.json
firefox/policies.json etc/firefox/policies/policies.json
chromium/pirogue.json etc/chromium/policies/managed/pirogue.json
chromium/pirogue.json etc/chromium-browser/policies/managed/pirogue.json
chromium/pirogue.json etc/opt/chrome/policies/managed/pirogue.json'
PROFIL_WIFI=etc/NetworkManager/system-connections/pirogue.nmconnection

aide() {
  cat <<'FIN'
Usage : sudo sh installer-poste.sh [--wifi NOM] [--retirer] [--racine DOSSIER]

  --wifi NOM        enregistre aussi le réseau Wi-Fi NOM ; la clé est demandée (ou lue sur l'entrée standard)
  --retirer         enlève tout ce que ce script a mis et remet ce qu'il avait écarté
  --racine DOSSIER  règle le système rangé dans DOSSIER au lieu de celui-ci
FIN
}

refuser() { # la phrase, puis le geste
  printf '  ✗ %s\n    → %s\n' "$1" "$2" >&2
  exit 1
}

dire() { printf '  %s\n' "$1"; }

empreinte() { sha256sum -- "$1" | cut -d ' ' -f 1; }

# Le carnet tient ce que nous écrivons (« empreinte destination ») ; le dossier avant/ ce qui y était. Il est à jour
# avant le geste : coupé entre les deux, le script ne prend pas nos fichiers pour ceux du poste.
noter() { # source, destination
  { [ ! -f "$CARNET" ] || awk -v d="$2" '$2 != d' "$CARNET"; printf '%s %s\n' "$(empreinte "$1")" "$2"; } >"$CARNET.neuf"
  mv -- "$CARNET.neuf" "$CARNET"
}

empreinte_notee() { [ ! -f "$CARNET" ] || awk -v d="$1" '$2 == d { print $1 }' "$CARNET"; }

creer_dossier() { # sous la racine ; ceux que nous créons sont notés, pour ne retirer que ceux-là
  [ -d "$RACINE/$1" ] && return
  creer_dossier "$(dirname -- "$1")"
  printf '%s\n' "$1" >>"$ETAT/dossiers"
  mkdir -- "$RACINE/$1"
}

poser() { # source, destination, droits
  cible=$RACINE/$2
  if [ -f "$cible" ] && cmp -s -- "$1" "$cible" && [ -n "$(empreinte_notee "$2")" ]; then
    dire "déjà en place : /$2"
    return
  fi
  if [ -e "$cible" ] && [ "$(empreinte_notee "$2")" != "$(empreinte "$cible")" ]; then
    mkdir -p "$(dirname -- "$ETAT/avant/$2")"
    if [ ! -e "$ETAT/avant/$2" ]; then
      cp -p -- "$cible" "$ETAT/avant/$2.neuf"
      mv -- "$ETAT/avant/$2.neuf" "$ETAT/avant/$2"
    fi
    dire "mis de côté : /$2 (il reviendra avec --retirer)"
  fi
  mkdir -p "$ETAT"
  creer_dossier "$(dirname -- "$2")"
  noter "$1" "$2"
  install -m "$3" -- "$1" "$cible.pirogue-neuf"
  mv -- "$cible.pirogue-neuf" "$cible"
  dire "écrit : /$2"
}

enlever() { # destination
  cible=$RACINE/$1
  notee=$(empreinte_notee "$1")
  rm -f -- "$cible.pirogue-neuf"
  if [ -f "$cible" ] && [ "$(empreinte "$cible")" != "$notee" ]; then
    dire "laissé : /$1 (quelqu'un l'a changé depuis)"
    return
  fi
  rm -f -- "$cible"
  if [ -e "$ETAT/avant/$1" ]; then
    mkdir -p "$(dirname -- "$cible")"
    cp -p -- "$ETAT/avant/$1" "$cible"
    dire "remis comme avant : /$1"
  else
    dire "enlevé : /$1"
  fi
}

lire_cle() { # la clé ne passe jamais par la ligne de commande : tout le monde la lirait
  if [ -t 0 ]; then
    printf '  Clé du Wi-Fi « %s » : ' "$WIFI" >&2
    trap 'stty echo; exit 130' INT TERM
    stty -echo
    IFS= read -r cle || true
    stty echo
    trap - INT TERM
    printf '\n' >&2
  else
    IFS= read -r cle || true
  fi
  [ "${#cle}" -ge 8 ] && [ "${#cle}" -le 63 ] ||
    refuser "La clé du Wi-Fi doit avoir de 8 à 63 caractères." "Recopie-la depuis l'affiche Wi-Fi."
  case $cle in
  *[!\ -~]*) refuser "La clé du Wi-Fi a une lettre accentuée." "Recopie-la depuis l'affiche Wi-Fi, sans accent." ;;
  esac
}

relire_wifi() { # pour que NetworkManager voie le profil tout de suite ; sinon il le verra au prochain démarrage
  [ -n "$RACINE" ] || nmcli connection reload >/dev/null 2>&1 || true
}

poser_wifi() {
  [ "$(printf '%s' "$WIFI" | wc -c)" -le 32 ] ||
    refuser "Le nom du Wi-Fi est trop long." "Recopie-le depuis l'affiche Wi-Fi : 32 lettres au plus."
  lire_cle
  # Dans ce fichier « \ » s'écrit « \\ », une espace en tête « \s » ; le nom est une suite d'octets.
  cle=$(printf '%s' "$cle" | sed -e 's/\\/\\\\/g' -e 's/^ /\\s/')
  octets=$(printf '%s' "$WIFI" | od -An -v -tu1 | tr -s ' \n' ';' | sed -e 's/^;//' -e 's/;*$/;/')
  brouillon=$(mktemp)
  trap 'rm -f -- "$brouillon"' EXIT
  cat >"$brouillon" <<FIN
[connection]
id=pirogue
uuid=6b1f0c1e-7a52-4f0e-9d0b-3a6f5c2e8d10
type=wifi
autoconnect-priority=10

[wifi]
mode=infrastructure
ssid=$octets

[wifi-security]
key-mgmt=wpa-psk
psk=$cle

[ipv4]
method=auto

[ipv6]
method=auto
FIN
  poser "$brouillon" "$PROFIL_WIFI" 600
  relire_wifi
}

installer() {
  printf 'La pirogue règle ce poste.\n'
  while read -r source destination; do
    poser "$ICI/$source" "$destination" 644
  done <<FIN
$FICHIERS
FIN
  [ -z "$WIFI" ] || poser_wifi
  printf 'C%s fait. Ferme le navigateur et ouvre-le : la page de la pirogue doit venir.\n' "'est"
}

retirer() {
  if [ ! -d "$ETAT" ]; then
    printf "Rien à retirer : ce poste n'a jamais été réglé.\n"
    return
  fi
  [ ! -f "$CARNET" ] || while read -r _ destination; do
    enlever "$destination"
  done <"$CARNET"
  [ ! -f "$ETAT/dossiers" ] || sort -r "$ETAT/dossiers" | while read -r dossier; do
    rmdir -- "$RACINE/$dossier" 2>/dev/null || true # il n'est plus vide : quelqu'un s'en sert
  done
  rm -r -- "$ETAT"
  relire_wifi
  printf 'Ce poste est comme avant.\n'
}

while [ $# -gt 0 ]; do
  case $1 in
  --wifi) [ $# -ge 2 ] || { aide >&2; exit 2; }; WIFI=$2; shift ;;
  --racine) [ $# -ge 2 ] || { aide >&2; exit 2; }; RACINE=${2%/}; shift ;;
  --retirer) RETIRER=oui ;;
  -h | --aide | --help) aide; exit 0 ;;
  *) aide >&2; exit 2 ;;
  esac
  shift
done

ETAT=$RACINE/var/lib/pirogue-poste
CARNET=$ETAT/carnet
[ -n "$RACINE" ] || [ "$(id -u)" -eq 0 ] || refuser "Il faut être administrateur du poste." "Écris « sudo » devant la commande."
[ -z "$RACINE" ] || [ -d "$RACINE" ] || refuser "Le dossier « $RACINE » n'existe pas." "Vérifie ce que tu as écrit après --racine."
if [ -n "$RETIRER" ]; then retirer; else installer; fi
