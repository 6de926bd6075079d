// What travels to the page with every session: it loads the real map from this program's own files.
// Streamlit keeps only the newest cleanup and also runs that of a call that was overtaken, so every
// call returns one, and it removes the map only when its place has left the page.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".getu-map");
  const send = (event) => setTriggerValue("picked", event);
  const module = import(`${window.location.origin}${data.base}/ui/map.js`);
  module.then((map) => root.isConnected && map.draw(root, data, send)).catch(() => {
    root.textContent = data.language === "en" ? "The map could not be loaded. Reload the page." : "地图没有载入，请刷新页面。";
    root.dataset.failed = "module";
  });
  return () => setTimeout(() => root.isConnected || module.then((map) => map.remove(root)).catch(() => undefined), 0);
}
