export function openViews() {}
