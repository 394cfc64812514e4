export { forecast, seriesWindows, type SeriesWindowsOptions } from './windows.ts'
