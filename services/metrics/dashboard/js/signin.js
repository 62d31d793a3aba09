// Signing in with a token, and out. (Locally a link does it: `make link`.)

import { byId } from "./dom.js";
import { Gone, SignInNeeded, signIn, signOut } from "./http.js";

/** Ask for a token, and say why. @param {string} why */
export function askToSignIn(why) {
  document.body.dataset.state = "signin";
  byId("signin-error").textContent = why;
}

/** @param {() => void} then what to do when somebody is signed in */
export function listenForTokens(then) {
  const input = /** @type {HTMLInputElement} */ (byId("token"));
  byId("signin-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const token = input.value.trim();
    input.value = "";
    try {
      await signIn(token);
      then();
    } catch (error) {
      if (error instanceof SignInNeeded) askToSignIn("That token is not accepted.");
      else if (error instanceof Gone) askToSignIn("The server does not answer. Try again in a moment.");
      else throw error;
    }
  });
  byId("signout").addEventListener("click", async () => {
    try {
      await signOut();
    } catch (error) {
      if (!(error instanceof SignInNeeded || error instanceof Gone)) throw error;
    }
    location.assign("/");
  });
}

/** What the address says of a link that did not work. */
export function linkFault() {
  return location.hash === "#link=ended" ? "That link was used, or it is too old." : "";
}
