"""Sentences of the statistics behind hotspots."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "weights_shape": Message(
        "The weights are {n_rows:,} by {n_columns:,}, and there are {n_areas:,} areas.",
        "权重矩阵为 {n_rows:,} 行 {n_columns:,} 列，而区域有 {n_areas:,} 个。",
        "Give one row and one column for each area.",
        "请为每个区域给出一行和一列。",
    ),
    "weights_negative": Message(
        "{n_weights:,} weights are negative or no number.",
        "有 {n_weights:,} 个权重为负数或不是数字。",
        "Weights are 0 or more.",
        "权重必须不小于 0。",
    ),
    "weights_area_unknown": Message(
        "{n_areas:,} areas have no place in the weights, first {area_id}.",
        "有 {n_areas:,} 个区域不在空间权重中，首个为 {area_id}。",
        "Make the weights from the same areas as the values.",
        "请用与数值相同的区域生成空间权重。",
    ),
    "neighbours_not_count": Message(
        "{k} is no number of neighbours.",
        "{k} 不是有效的邻居个数。",
        "Give a whole number, 1 or more.",
        "请给出不小于 1 的整数。",
    ),
    "values_not_finite": Message(
        "{n_values:,} values are infinite, first of {area_id}.",
        "有 {n_values:,} 个值为无穷大，首个为 {area_id}。",
        "A rate without a denominator is missing, not infinite.",
        "没有分母的比率应为缺失值，而不是无穷大。",
    ),
    "permutations_missing": Message(
        "{n_areas:,} areas are too few for p values from a formula (fewer than {least:,}).",
        "区域只有 {n_areas:,} 个（少于 {least:,} 个），不能用公式计算 p 值。",
        "Use permutations.",
        "请使用置换检验。",
    ),
    "alpha_not_share": Message(
        "{alpha} is no level of significance.",
        "{alpha} 不是有效的显著性水平。",
        "Give a number between 0 and 1.",
        "请给出 0 到 1 之间的数。",
    ),
    "count_negative": Message(
        "{n_areas:,} areas have fewer than 0 cases, first {area_id}.",
        "有 {n_areas:,} 个区域的案件数为负，首个为 {area_id}。",
        "Count the cases again.",
        "请重新统计案件数。",
    ),
    "bandwidth_undefined": Message(
        "{n_points:,} points are too few, or lie too close together, to choose a bandwidth from.",
        "点只有 {n_points:,} 个或过于集中，无法据此选择带宽。",
        "Give the bandwidth in metres.",
        "请以米为单位给出带宽。",
    ),
    "bandwidth_below_cells": Message(
        "The bandwidth of {bandwidth_m:.0f} m is less than two cells of {cell_m:g} m.",
        "带宽 {bandwidth_m:.0f} 米不足两个 {cell_m:g} 米的像元。",
        "Choose smaller cells or a larger bandwidth.",
        "请选择更小的像元或更大的带宽。",
    ),
    "raster_too_fine": Message(
        "The raster would have {n_cells:,} cells; at most {most:,} are drawn.",
        "栅格将有 {n_cells:,} 个像元，最多允许 {most:,} 个。",
        "Choose larger cells or a smaller area.",
        "请选择更大的像元或更小的范围。",
    ),
    "densities_differ": Message(
        "The two densities differ in raster, bandwidth or coordinate system.",
        "两个密度面的栅格、带宽或坐标系不一致。",
        "Measure both with the same cells and the same bandwidth.",
        "请用相同的像元和带宽分别计算。",
    ),
    "season_not_count": Message(
        "A season of {season} periods is none.",
        "{season} 个时段不能构成一个季节周期。",
        "Give 2 or more, for example 12 for months.",
        "请给出不小于 2 的整数，例如按月为 12。",
    ),
    "cube_differs": Message(
        "Scores and significance differ in places or periods, or there are too few periods ({n_periods}).",
        "得分与显著性的地点或时段不一致，或时段过少（{n_periods} 个）。",
        "Give both for the same places and at least two periods.",
        "请为相同地点给出两者，且至少两个时段。",
    ),
}
