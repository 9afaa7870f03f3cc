// The page before a room: its form.

import { sendForms } from "./forms.js";

sendForms();
