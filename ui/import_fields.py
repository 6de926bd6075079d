"""Fields that a column of a file can be chosen for, with their names (导入字段)."""

from __future__ import annotations

from geo.messages import Language
from geo.tasks.reading import FileKind

FieldNames = dict[str, tuple[str, str]]

_PLACE: FieldNames = {
    "lon": ("经度或横坐标", "Longitude, or east"),
    "lat": ("纬度或纵坐标", "Latitude, or north"),
}

FIELDS: dict[FileKind, FieldNames] = {
    "boundaries": {
        "area_id": ("区域编码", "Code"),
        "name": ("名称", "Name"),
        "parent_id": ("上级编码", "Code of the area above"),
        "kind": ("类型", "Kind"),
        "residents": ("常住人口", "Residents"),
        "households": ("户数", "Households"),
    },
    "cases": {
        "source_no": ("编号", "Number"),
        "reported_at": ("上报时间", "Reported"),
        **_PLACE,
        "address": ("地址", "Address"),
        "stated_area": ("所报区域", "Stated area"),
        "category_main": ("大类", "Main category"),
        "category": ("小类", "Category"),
        "kind": ("部件/事件/诉求", "Component, event or demand"),
        "title": ("标题", "Title"),
        "description": ("内容", "Text"),
        "state": ("状态", "State"),
        "due_at": ("期限", "Due"),
        "accepted_at": ("受理时间", "Accepted"),
        "handled_at": ("处置时间", "Handled"),
        "closed_at": ("结案时间", "Closed"),
        "closing_level": ("化解层级", "Level it was closed at"),
        "department": ("处置单位", "Department"),
        "channel": ("来源渠道", "Channel"),
        "valid_callback": ("有效回访", "Valid call-back"),
        "contacted": ("已联系", "Contacted"),
        "solved": ("已解决", "Solved"),
        "satisfaction": ("满意度", "Satisfaction"),
    },
    "facilities": {
        "source_no": ("编号", "Number"),
        "name": ("名称", "Name"),
        "kind": ("类别", "Kind"),
        **_PLACE,
        "address": ("地址", "Address"),
        "status": ("状态", "Status"),
        "service_level": ("服务层级", "Service level"),
        "capacity": ("容量", "Capacity"),
        "area_m2": ("面积（平方米）", "Surface, m²"),
        "opened_on": ("启用日期", "Opened"),
        "closed_on": ("停用日期", "Closed"),
        "footprint": ("轮廓", "Outline"),
    },
    "population": {
        **_PLACE,
        "h3": ("H3 编号", "H3 cell"),
        "area_id": ("区域编码", "Code of an area"),
        "point_id": ("点位编号", "Number of the point"),
        "residents": ("常住人口", "Residents"),
        "registered": ("户籍人口", "Registered"),
        "elders": ("60 岁及以上", "Aged 60 and over"),
        "children": ("0–14 岁", "Aged 0 to 14"),
        "households": ("户数", "Households"),
        "as_of_on": ("统计日期", "Date of the figures"),
    },
    "buildings": {
        "building_id": ("楼栋编码", "Number"),
        "name": ("名称", "Name"),
        **_PLACE,
        "courtyard_id": ("院落编码", "Courtyard"),
        "street": ("道路", "Street"),
        "street_number": ("门牌号", "Number on it"),
        "use": ("用途", "Use"),
        "storeys": ("层数", "Storeys"),
        "households": ("户数", "Households"),
    },
    "land": {"land_id": ("地块编码", "Number")},
    "streets": {"name": ("名称", "Name"), "kind": ("等级", "Kind")},
}
"""Kind of file → field → Chinese and English name, the important ones first."""

REQUIRED: dict[FileKind, tuple[str, ...]] = {
    "boundaries": ("area_id",),
    "cases": ("source_no",),
    "facilities": ("source_no",),
    "population": (),
    "buildings": (),
    "land": (),
    "streets": (),
}
MOMENTS = ("reported_at", "accepted_at", "handled_at", "closed_at", "due_at")


def field_name(kind: FileKind, field: str, language: Language) -> str:
    """Return the name of a field; a field without one is shown as it is."""
    names = FIELDS[kind].get(field)
    return field if names is None else names[0 if language == "zh" else 1]
