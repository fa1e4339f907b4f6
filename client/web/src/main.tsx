// The dashboard's beginning.
import { render } from "preact";
import { Actions } from "./app/actions";
import { AppContext } from "./app/context";
import { Store } from "./app/store";
import { applyTheme, currentTheme } from "./app/theme";
import "./style/base.css";
import "./style/controls.css";
import "./style/overview.css";
import "./style/list.css";
import "./style/job.css";
import "./style/dialog.css";
import { Page } from "./view/page";

applyTheme(currentTheme());
const store = new Store();
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
render(
  <AppContext.Provider value={{ store, actions: new Actions(store) }}>
    <Page />
  </AppContext.Provider>,
  root,
);
store.start();
