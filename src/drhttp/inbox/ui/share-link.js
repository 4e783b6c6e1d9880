// Links that open in another browser of the same machine: they carry a ticket, which that browser exchanges for the token.

import { send, storeToken, token } from "./api.js";
import { copy, notify } from "./components.js";

/** Copy a link to what the page shows. The token is not in it, and the ticket opens the inbox once. */
export async function copyLink() {
  const { ticket } = await send("POST", "/tickets");
  await copy(`${location.origin}${location.pathname}${location.search}#ticket=${ticket}`);
  notify("Link copied. It opens in another browser on this machine, once, within ten minutes.");
}

/** Exchange the ticket in the address for the token; returns why that failed, or an empty string. */
export async function redeemTicket() {
  const found = /^#ticket=([\w-]+)$/.exec(location.hash);
  if (!found) return "";
  history.replaceState(history.state, "", location.pathname + location.search);
  if (token()) return "";
  try {
    storeToken((await send("POST", "/redeem", { ticket: found[1] })).token);
    return "";
  } catch (problem) {
    return problem.message;
  }
}
