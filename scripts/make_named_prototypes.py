"""Turn the table of ARISE's prototypes into the class list that the package ships and ``train prototype`` reads.

    XTALPRINT_DATA=… python scripts/make_named_prototypes.py

One row a line: name, Strukturbericht symbol, AFLOW label, example, structure, and how far it may vary. Needs pyarrow;
the result is the same byte for byte.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

TARGET = Path(__file__).resolve().parents[1] / "src" / "xtalprint" / "prototypes" / "named.json"
#: Label in the source: name here, Strukturbericht symbol, and for the binaries the AFLOW label.
NAMES = {
    "fcc_Cu_A_cF4_225_a": ("fcc", "A1", ""),
    "bcc_W_A_cI2_229_a": ("bcc", "A2", ""),
    "hcp_Mg_A_hP2_194_c": ("hcp", "A3", ""),
    "dhcp_alphaLa_A_hP4_194_ac": ("dhcp", "A3'", ""),
    "diam_C_A_cF8_227_a": ("diamond", "A4", ""),
    "bctBetaSn_Sn_A_tI4_141_a": ("beta-Sn", "A5", ""),
    "bctIn_In_A_tI2_139_a": ("In", "A6", ""),
    "rhombAlphaAs_As_A_hR2_166_c": ("alpha-As", "A7", ""),
    "trihex_gammaSe_A_hP3_152_a": ("gamma-Se", "A8", ""),
    "HexGraph_C_A_hP4_194_bc": ("graphite", "A9", ""),
    "rhombAlphaHg_Hg_A_hR1_166_a": ("alpha-Hg", "A10", ""),
    "basecorthAlphaGa_Ga_A_oC8_64_f": ("alpha-Ga", "A11", ""),
    "basecorthMolIod_I_A_oC8_64_f": ("iodine", "A14", ""),
    "basecorthBlackP_P_A_oC8_64_f": ("black P", "A17", ""),
    "basecorthAlphaU_U_A_oC4_63_c": ("alpha-U", "A20", ""),
    "bctAlphaPa_Pa_A_tI2_139_a": ("alpha-Pa", "A_a", ""),
    "stetBetaNp_Np_A_tP4_129_ac": ("beta-Np", "A_d", ""),
    "shex_Sn_A_hP1_191_a": ("simple hexagonal", "A_f", ""),
    "sc_alphaPo_A_cP1_221_a": ("sc", "A_h", ""),
    "rhombBetaPo_Po_A_hR1_166_a": ("beta-Po", "A_i", ""),
    "rhombAlphaSm_Sm_A_hR3_166_ac": ("alpha-Sm", "C19", ""),
    "HexDiam_C_A_hP4_194_f": ("lonsdaleite", "", ""),
    "rhombGraph_C_A_hR2_166_c": ("rhombohedral graphite", "", ""),
    "BuckledGraphHex_C_A_hP4_186_ab": ("buckled graphite", "", ""),
    "facecorthGammaPu_Pu_A_oF8_70_a": ("gamma-Pu", "", ""),
    "rhombBetaO_O_A_hR2_166_c": ("beta-O2", "", ""),
    "stetGammaN_N_A_tP4_136_f": ("gamma-N2", "", ""),
    "RockSalt_NaCl": ("rock salt", "B1", "AB_cF8_225_a_b"),
    "CsCl": ("CsCl", "B2", "AB_cP2_221_b_a"),
    "Zincblende_ZnS": ("zinc blende", "B3", "AB_cF8_216_c_a"),
    "Wurtzite_ZnS": ("wurtzite", "B4", "AB_hP4_186_b_b"),
    "NiAs": ("NiAs", "B8_1", "AB_hP4_194_c_a"),
    "FeSi": ("FeSi", "B20", "AB_cP8_198_a_a"),
    "FeB": ("FeB", "B27", "AB_oP8_62_c_c"),
    "MnP": ("MnP", "B31", "AB_oP8_62_c_c"),
    "CrB": ("CrB", "B33", "AB_oC8_63_c_c"),
    "L10_CuAu": ("CuAu", "L1_0", "AB_tP2_123_a_d"),
    "L12_Cu3Au": ("Cu3Au", "L1_2", "AB3_cP4_221_a_c"),
}
#: Largest |ln| of the ratio of two axes, and root mean square of the shifts of free coordinates as a share of the
#: cube root of the volume per atom. Close-packed layers, graphite and molecules vary more in nature; In is 7 %
#: from fcc, and flat graphite and the buckled one differ by nothing but small shifts.
DEFAULT = (0.04, 0.02)
VARIATION = {
    "hcp": (0.16, 0.0),
    "dhcp": (0.06, 0.0),
    "alpha-Sm": (0.06, 0.01),
    "graphite": (0.10, 0.0),
    "rhombohedral graphite": (0.10, 0.0),
    "buckled graphite": (0.10, 0.003),
    "In": (0.03, 0.0),
    "alpha-Pa": (0.06, 0.0),
    "beta-Po": (0.03, 0.0),
    "alpha-Hg": (0.05, 0.0),
    "simple hexagonal": (0.08, 0.0),
    "CuAu": (0.04, 0.0),
    "NiAs": (0.12, 0.0),
    "beta-Sn": (0.06, 0.0),
    "wurtzite": (0.04, 0.01),
    "alpha-As": (0.05, 0.01),
}
NOTICE = (
    "Class list and structures of the model “prototype”: the 27 elemental solids and 11 binaries of A. Leitherer, "
    "A. Ziletti, L. M. Ghiringhelli, Nature Communications 12, 6234 (2021), from angeloziletti/ai4materials, Apache "
    "License 2.0; names, labels and variations added. Elements only tell sites apart. One row is one example of a "
    "class; rows with the same name belong together. Optional: strukturbericht, aflow, strain, shift."
)


def main() -> None:
    """Read, round to what the source holds (float32 fractions), write one row a line."""
    table = pq.read_table(Path(os.environ["XTALPRINT_DATA"], "prototypes", "arise_prototypes.parquet")).to_pylist()
    by_label = {row["label"]: row for row in table}
    lines = []
    for label, (name, symbol, aflow) in NAMES.items():
        row = by_label[label]
        strain, shift = VARIATION.get(name, DEFAULT)
        entry = {
            "name": name,
            "strukturbericht": symbol,
            "aflow": aflow or "A_" + label.split("_A_")[1],
            "example": row["formula"],
            "source": label,
            "spacegroup": int(row["spacegroup_0p01"]),
            "strain": strain,
            "shift": shift,
            "cell": [round(x, 6) + 0.0 for x in row["cell"]],
            "numbers": list(row["numbers"]),
            "frac": [round(float(x), 6) for x in np.asarray(row["frac"], dtype=np.float64)],
        }
        lines.append(json.dumps(entry, separators=(", ", ": ")))
    notice = json.dumps(NOTICE, ensure_ascii=False)
    text = f'{{"notice": {notice},\n"prototypes": [\n' + ",\n".join(lines) + "\n]}\n"
    TARGET.write_text(text, encoding="utf-8")
    print(f"{len(lines)} rows, {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
