// Loads the panels from this program's own files; they are drawn again only when their data change.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".getu-panel");
  const send = (event) => setTriggerValue("picked", event);
  import(`${window.location.origin}${data.base}/ui/panels.js`)
    .then((panels) => root.isConnected && panels.draw(root, data, send))
    .catch(() => {
      root.textContent = data.language === "en" ? "This part could not be loaded. Reload the page." : "此部分没有载入，请刷新页面。";
      root.dataset.failed = "module";
    });
  return () => undefined;
}
