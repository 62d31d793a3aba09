/** uPlot, which a script of its own brings. */
// eslint-disable-next-line no-var
declare var uPlot: any;
