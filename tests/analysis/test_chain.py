"""An area climbs through its parents to every level above it, also where levels are missing."""

import pandas as pd

from geo.analysis.chain import climb, coarser_levels


def table(**parents):
    return pd.DataFrame({"area_id": list(parents), "parent_id": list(parents.values())})


def test_a_microgrid_names_all_its_ancestors():
    climbed = climb(
        {
            "district": table(D=None),
            "community": table(C1="D", C2="D"),
            "microgrid": table(M1="C1", M2="C2"),
        }
    )
    row = climbed["microgrid"].loc["M2"]
    assert (row["microgrid_id"], row["community_id"], row["district_id"]) == ("M2", "C2", "D")
    assert "subdistrict_id" not in climbed["microgrid"]


def test_a_parent_that_skips_a_level_is_found_all_the_same():
    climbed = climb({"subdistrict": table(S="D"), "district": table(D=None), "grid": table(G="D")})
    assert climbed["grid"].loc["G", "district_id"] == "D"
    assert "subdistrict_id" not in climbed["grid"]


def test_a_code_used_at_two_levels_means_the_nearest_coarser_one():
    climbed = climb({"district": table(X=None), "community": table(X="X"), "grid": table(G="X")})
    row = climbed["grid"].loc["G"]
    assert (row["community_id"], row["district_id"]) == ("X", "X")


def test_an_unknown_or_missing_parent_leaves_the_levels_above_empty():
    climbed = climb({"community": table(C=None), "grid": table(G1="nowhere", G2=None, G3="C")})
    assert climbed["grid"]["community_id"].isna().tolist() == [True, True, False]


def test_a_courtyard_may_hang_on_any_level_of_the_chain():
    climbed = climb({"community": table(C=None), "grid": table(G="C"), "courtyard": table(Y1="G", Y2="C")})
    assert climbed["courtyard"]["community_id"].tolist() == ["C", "C"]
    assert climbed["courtyard"]["grid_id"].isna().tolist() == [False, True]


def test_levels_above_come_nearest_first():
    assert coarser_levels("grid") == ("community", "subdistrict", "district")
    assert coarser_levels("courtyard")[0] == "microgrid"
