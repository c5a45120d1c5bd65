// All pages. An area keeps its pages in a table of its own, so that several people can add some at once.
//
// A page: {path, title (a key), area, icon, right (see session.may; a function is asked), words (catalogues), load,
//          menu: false when it is not in the navigation, full: true for the whole width}

import admin from "../pages/admin/index.js";
import installer from "../pages/installer/index.js";
import own from "../pages/own/index.js";
import user from "../pages/user/index.js";

/** Areas in the order of the navigation; a section of a page ("section") is a heading inside its area. */
export const AREAS = ["user", "admin", "installer"];

export const PAGES = [...user, ...admin, ...installer, ...own];
