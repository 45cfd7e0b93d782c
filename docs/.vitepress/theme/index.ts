// VitePress's own theme, with the contrast that WCAG AA asks for.
import theme from "vitepress/theme";
import "./style.css";

export default theme;
