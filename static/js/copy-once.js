// The copy button of what is shown only once.

import { addCopyButtons } from "./copy.js";

addCopyButtons(document);
