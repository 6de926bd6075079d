// The few words the map itself says, Chinese and English side by side.

const WORDS = {
  loading: ["正在绘图…", "Drawing the map…"],
  failed: ["地图数据没有取到。", "The map data did not arrive."],
  retry: ["请刷新页面重试。", "Reload the page to try again."],
  legend: ["图例", "Legend"],
  noData: ["无数据", "No data"],
  areas: ["个区域", "areas"],
  cases: ["件", "cases"],
  casesTitle: ["每个六边形的诉求", "Cases per hexagon"],
  cells: ["格", "cells"],
  inCircle: ["圆内为件数", "number = cases"],
  pointsTitle: ["诉求（聚合点）", "Cases, clustered"],
  heatTitle: ["诉求热力", "Heat of cases"],
  heatNote: ["示意，非统计", "a picture, not a statistic"],
  few: ["少", "few"],
  many: ["多", "many"],
  cut: ["此范围诉求过多，按六边形显示；请放大。", "Too many cases here to list: shown as hexagons. Zoom in."],
  facilities: ["设施", "Facilities"],
  zoomIn: ["放大", "Zoom in"],
  zoomOut: ["缩小", "Zoom out"],
  review: ["审图号：", "Map review no. "],
  source: ["数据来源：", "Source: "],
  enter: ["再点一次进入", "click again to enter"],
  wholeView: ["回到全部范围", "Back to the whole place"],
};

export function words(language) {
  const place = language === "en" ? 1 : 0;
  const number = new Intl.NumberFormat(place ? "en" : "zh-CN", { maximumFractionDigits: 2 });
  const whole = new Intl.NumberFormat(place ? "en" : "zh-CN", { maximumFractionDigits: 0 });
  return {
    say: (name) => WORDS[name][place],
    number: (value) => number.format(value),
    whole: (value) => whole.format(value),
    joint: place ? " " : "",
  };
}

// One element with text; text from data never becomes HTML anywhere in the map.
export function node(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== "") element.textContent = text;
  return element;
}
