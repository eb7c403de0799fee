# Which of the two systems starts. Two sealed copies of the state lie beside this script; a cut while one is written
# leaves the other. Written only while a slot is on trial. The same rules in Python: creneau.py of the role mise_a_jour.
setenv lire 'setenv SUITE; if load ${devtype} ${devnum}:1 ${scriptaddr} ${f}; then if test ${filesize} = 200; then env import -c ${scriptaddr} 200 SUITE ORDRE RESTE_A RESTE_B; fi; fi'
setenv ecrire 'env export -c -s 200 ${scriptaddr} SUITE ORDRE RESTE_A RESTE_B && fatwrite ${devtype} ${devnum}:1 ${scriptaddr} ${f} 200'
setenv fichier1 slot.env
setenv fichier2 slot2.env
setenv f ${fichier2}; run lire; setenv suite2 ${SUITE}; setenv ordre2 ${ORDRE}; setenv a2 ${RESTE_A}; setenv b2 ${RESTE_B}
setenv f ${fichier1}; run lire; setenv suite1 ${SUITE}

# Next to write: the older copy, or the one that is torn. The counter turns: 0 1 2 0.
setenv lu 1
if test -z "${suite1}"; then setenv lu 2; fi
if test "${suite1}${suite2}" = 01; then setenv lu 2; fi
if test "${suite1}${suite2}" = 12; then setenv lu 2; fi
if test "${suite1}${suite2}" = 20; then setenv lu 2; fi
if test "${lu}" = 2; then setenv SUITE ${suite2}; setenv ORDRE ${ordre2}; setenv RESTE_A ${a2}; setenv RESTE_B ${b2}; setenv f ${fichier1}; else setenv f ${fichier2}; fi
if test -z "${SUITE}"; then echo "PIROGUE no state"; setenv SUITE 0; setenv ORDRE "A B"; setenv RESTE_A 9; setenv RESTE_B 9; setenv f ${fichier1}; fi
if test "${SUITE}" = 0; then setenv suivante 1; fi
if test "${SUITE}" = 1; then setenv suivante 2; fi
if test "${SUITE}" = 2; then setenv suivante 0; fi

# Our own addresses: a kernel of 38 MB at the usual place runs into U-Boot's default ones on a Pi.
setenv ka ${kernel_addr_r}; setexpr ra ${kernel_addr_r} + 8000000
if test -n "${fdt_addr}"; then setenv fa ${fdt_addr}; else setenv fa ${fdtcontroladdr}; fi
# A workshop's own words for the kernel, such as `arguments=pirogue.rw`, in a text file that a PC can write.
setenv arguments
if load ${devtype} ${devnum}:1 ${scriptaddr} atelier.txt; then env import -t ${scriptaddr} ${filesize} arguments; fi
setenv demarrer 'echo "PIROGUE slot ${creneau} order ${ORDRE} left ${RESTE_A}/${RESTE_B}"; setenv bootargs "root=PARTUUID=50495247-0${part} ro rootwait net.ifnames=0 panic=10 fsck.repair=yes rauc.slot=${creneau}"; if test -n "${arguments}"; then setenv bootargs "${bootargs} ${arguments}"; fi; echo "PIROGUE ${bootargs}"; load ${devtype} ${devnum}:${part} ${ka} /boot/vmlinuz && load ${devtype} ${devnum}:${part} ${ra} /boot/initrd.img && booti ${ka} ${ra}:${filesize} ${fa}; echo "PIROGUE slot ${creneau} failed to load"'

# A trial is counted before it starts; one that cannot be counted is not made, else it would never end.
for un in ${ORDRE}; do
  setenv creneau ${un}
  if test ${creneau} = A; then setenv part 2; setenv reste ${RESTE_A}; else setenv part 3; setenv reste ${RESTE_B}; fi
  setenv permis
  if test ${reste} -gt 0; then setenv permis 1; fi
  if test -n "${permis}" -a ${reste} -lt 9; then
    setexpr reste ${reste} - 1; setenv RESTE_${creneau} ${reste}
    setenv SUITE ${suivante}
    if run ecrire; then
      if test "${f}" = "${fichier1}"; then setenv f ${fichier2}; else setenv f ${fichier1}; fi
      if test "${SUITE}" = 0; then setenv suivante 1; fi
      if test "${SUITE}" = 1; then setenv suivante 2; fi
      if test "${SUITE}" = 2; then setenv suivante 0; fi
    else setenv permis; echo "PIROGUE cannot count"; fi
  fi
  if test -n "${permis}"; then run demarrer; fi
done
# Nothing is left: whatever starts is better than a dark box.
setenv creneau A; setenv part 2; run demarrer
setenv creneau B; setenv part 3; run demarrer
reset
